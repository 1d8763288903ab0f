package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"example.com/django-cdk8s/constructs/django"
)

// answer is what the site says.
type answer struct {
	status int
	body   string
}

// get asks p, past the Service, for path.
func (a *app) get(p corev1.Pod, path string) (answer, error) {
	return a.request(p, http.MethodGet, path, nil)
}

// request sends a request to p, past the Service.
func (a *app) request(p corev1.Pod, method, path string, form url.Values) (answer, error) {
	ctx, cancel := context.WithTimeout(a.t.Context(), 10*time.Second)
	defer cancel()
	address, err := kube.Forward(ctx, p, django.DefaultPort)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	request.Host, request.Close = django.DefaultName, true
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(response.Body)
	return answer{response.StatusCode, body.String()}, err
}

// asking sends one request and prints its status and body as JSON.
const asking = `
import http.client, json, sys
host, port, path = sys.argv[1:]
connection = http.client.HTTPConnection(host, int(port), timeout=10)
connection.request("GET", path)
response = connection.getresponse()
print(json.dumps([response.status, response.read().decode()]))
`

// throughService asks for path as another pod does, by the Service's name.
func (a *app) throughService(path string) answer {
	a.t.Helper()
	return a.ask(django.DefaultName, path)
}

// ask asks host, from a pod of the site, for path. A node learns a little later
// than the API server that a Service has a ready pod.
func (a *app) ask(host, path string) answer {
	a.t.Helper()
	var got answer
	eventually(a.t, 20*time.Second, host+" is reached", func(context.Context) (err error) {
		got, err = a.tryToAsk(host, path)
		return err
	})
	return got
}

func (a *app) tryToAsk(host, path string) (answer, error) {
	out, err := kube.Exec(a.t.Context(), a.web(), "python3", "-c", asking, host, fmt.Sprint(django.DefaultPort), path)
	var got answer
	if err == nil {
		err = json.Unmarshal([]byte(out), &[]any{&got.status, &got.body})
	}
	return got, err
}
