package host

import (
	"fmt"
	"net/url"
	"strconv"

	"example.com/django-cdk8s/internal/rule"
)

// OfURL returns the host and the port of a server's URL by http or https, without
// user or path.
func OfURL(text string) (host string, port int, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", 0, err
	}
	ports := map[string]int{"http": 80, "https": 443}
	port, known := ports[u.Scheme]
	var e rule.Errors
	e.Address("", u.Hostname())
	if !known || len(e.Err()) > 0 || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" ||
		u.Fragment != "" {
		return "", 0, fmt.Errorf("%s is no address of a server", text)
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return "", 0, fmt.Errorf("%s is no port", u.Port())
		}
	}
	return u.Hostname(), port, nil
}
