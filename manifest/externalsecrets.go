package manifest

import (
	"cmp"
	"maps"
	"slices"
)

// externalSecret is the part of an ExternalSecret that rules read; see
// https://external-secrets.io/latest/api/externalsecret/.
type externalSecret struct {
	Spec struct {
		Target struct {
			Name           string         `json:"name"`
			CreationPolicy string         `json:"creationPolicy"`
			Manifest       map[string]any `json:"manifest"`
			Template       *struct {
				MergePolicy  string            `json:"mergePolicy"`
				Data         map[string]string `json:"data"`
				TemplateFrom []any             `json:"templateFrom"`
			} `json:"template"`
		} `json:"target"`
		Data []struct {
			SecretKey string `json:"secretKey"`
		} `json:"data"`
		DataFrom []any `json:"dataFrom"`
	} `json:"spec"`
}

// secretStore is the part of a SecretStore or ClusterSecretStore that rules read;
// see https://external-secrets.io/latest/provider/fake/.
type secretStore struct {
	Spec struct {
		Provider struct {
			Fake struct {
				Data []struct {
					Value string `json:"value"`
				} `json:"data"`
			} `json:"fake"`
		} `json:"provider"`
	} `json:"spec"`
}

// newExternal is [newCustom] for the External Secrets Operator. What rules read is
// the same in all its versions.
func newExternal(kind string) any {
	switch kind {
	case "ExternalSecret":
		return &externalSecret{}
	case "SecretStore", "ClusterSecretStore":
		return &secretStore{}
	}
	return nil
}

// secret returns the Secret that the operator makes of e, an object with the given
// namespace and name. It makes none where it only adds to one, or makes an object of
// another kind.
func (e *externalSecret) secret(namespace, name string) (id identity, made bool) {
	target := e.Spec.Target
	made = target.Manifest == nil && target.CreationPolicy != "Merge" && target.CreationPolicy != "None"
	return identity{"Secret", namespace, cmp.Or(target.Name, name)}, made
}

// keys returns the keys of that Secret, and whether it may have others.
func (e *externalSecret) keys() (keys []string, open bool) {
	for _, d := range e.Spec.Data {
		keys = append(keys, d.SecretKey)
	}
	open = len(e.Spec.DataFrom) > 0
	if t := e.Spec.Target.Template; t != nil && len(t.Data)+len(t.TemplateFrom) > 0 {
		made := slices.Collect(maps.Keys(t.Data))
		if t.MergePolicy == "Merge" {
			return append(keys, made...), open || len(t.TemplateFrom) > 0
		}
		return made, len(t.TemplateFrom) > 0
	}
	return keys, open
}
