package messages

import (
	"slices"
	"strings"
	"testing"
)

// find returns the message of a function that contains text.
func find(t *testing.T, all []Message, function, text string) Message {
	t.Helper()
	at := slices.IndexFunc(all, func(m Message) bool { return m.Function == function && strings.Contains(m.Text, text) })
	if at < 0 {
		t.Fatalf("%s makes no message with %q", function, text)
	}
	return all[at]
}

// One message of each form in which the library writes them.
func TestFind(t *testing.T) {
	all, err := Find("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		function, text string
		fields, rules  []string
	}{
		"text of a constant": {
			"(*Errors).BucketName",
			"must be 3 to 63 lower-case letters, digits, '-' or single '.', start and end with a letter or digit, and be no IP address",
			[]string{"Bucket"},
			nil,
		},
		"number that the source tells": {
			"(*Errors).UserID", `must be between 1 and 2147483647: Pod Security "restricted" refuses root`,
			[]string{"RunAsUser", "ServerUser", "Source.RunAsUser"},
			nil,
		},
		"one argument twice": {
			"process.validateReferences", "contains $(...), which no variable is called; write $$(...) for the text itself",
			[]string{"Project.Env[...]", "Env[...]"},
			nil,
		},
		"text of a variable": {"checkDir", `output: "...": must name a directory`, nil, nil},
		"passed through another function": {
			"(*checker).hostReferences", "is not among the ports of ...", nil, []string{"references"},
		},
		"called by a rule": {
			"namer.labels", "must be a label key: [PREFIX/]NAME, with a name of at most 63 letters, digits, '-', '_' or '.'",
			[]string{"metadata.labels"},
			[]string{"names"},
		},
		"called by a warning": {
			"(*checker).imageTags", "has no tag, or the tag latest: pin a version, so that every pod runs the same code",
			[]string{"image"},
			[]string{"image-tags"},
		},
		"rule of the upgrade guard": {
			"Compare", "is not made any more; a tool that prunes deletes it with everything in it", nil, []string{"NamespaceRemoved"},
		},
		"error that is written out": {
			"(*Node).attach", "is used twice in this scope; every construct needs an id of its own", []string{"id"}, nil,
		},
	} {
		m := find(t, all, c.function, c.text)
		if m.Text != c.text || !slices.Equal(m.Fields, c.fields) || !slices.Equal(m.Rules, c.rules) {
			t.Errorf("%s: %+v, want %q of %v by %v", name, m, c.text, c.fields, c.rules)
		}
	}
}

func TestShellLines(t *testing.T) {
	got := shellLines(`ok || fail "cannot read $1 of $(reason "$log"): ${why:+: $why} \"x\""
echo "$0: waiting for the server"
echo "done"
RAISE EXCEPTION 'table %.% is missing', one, two;
`)
	want := []string{"table ... is missing", `cannot read ... of ...: ... "x"`, "waiting for the server"}
	for i := range got {
		got[i] = collapsed(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPythonLines(t *testing.T) {
	got := pythonLines(`
def say(text):
    print("lock: " + text, file=sys.stderr)

def f(name, keys):
    print("generated: " + name)
    print("not deleted: %r" % error, file=sys.stderr)
    say(name + " is held, said " + str(error).strip())
    say("%s: %d sessions" % (name, left))
    say("waiting for " + ", ".join(left))
    again("no answer", lambda: rollout(path))
    raise Refused("role %s is too long" % name)
    sys.exit("cannot log in: " + str(error))
    problem = "the release is that of " + str(wanted)
    return "GET answered %d: %s" % (status, message)
    return None if free else lock + " is held by another"
    return "SCRAM-SHA-256$%d" % iterations
`)
	want := []string{
		"not deleted: ...", "lock: ... is held, said ...", "lock: ...: ... sessions", "lock: waiting for ...", "lock: no answer: ...",
		"role ... is too long", "cannot log in: ...", "the release is that of ...", "GET answered ...: ...", "... is held by another",
	}
	for i := range got {
		got[i] = collapsed(got[i])
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
