package messages

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Line is a line that a program in the cluster prints.
type Line struct {
	// Program is the file of the program below internal/script.
	Program string

	// Text is the line. "..." stands for what differs from one to the next.
	Text string
}

// Programs returns the lines that the programs below root print when they fail or
// wait, in the order of file and line.
func Programs(root string) ([]Line, error) {
	var all []Line
	names, err := filepath.Glob(filepath.Join(root, "internal", "script", "*"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		find := map[string]func(string) []string{".sh": shellLines, ".py": pythonLines}[filepath.Ext(name)]
		if find == nil {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, text := range find(string(content)) {
			text = collapsed(text)
			if told(text) && !seen[text] {
				seen[text] = true
				all = append(all, Line{filepath.Base(name), text})
			}
		}
	}
	return all, nil
}

// shellCall matches what ends a program with a message, and what it says when it
// waits.
var shellCall = regexp.MustCompile(`\bfail "|\becho "(?:waiting|\$0: (?:waiting|was|could))`)

// raised matches what the SQL of a shell program ends with.
var raised = regexp.MustCompile(`RAISE EXCEPTION '([^']*)'`)

// shellLines returns the texts of a shell program.
func shellLines(program string) []string {
	var all []string
	for _, found := range raised.FindAllStringSubmatch(program, -1) {
		all = append(all, strings.ReplaceAll(found[1], "%", anything))
	}
	for _, at := range shellCall.FindAllStringIndex(program, -1) {
		start := at[0] + strings.IndexByte(program[at[0]:], '"') + 1
		text, _ := shellText(program[start:])
		all = append(all, strings.TrimPrefix(text, anything+": "))
	}
	return all
}

// shellText reads a text in double quotes up to its end.
func shellText(program string) (text string, length int) {
	var b strings.Builder
	for i := 0; i < len(program); i++ {
		switch c := program[i]; {
		case c == '"':
			return b.String(), i
		case c == '\\' && i+1 < len(program):
			i++
			b.WriteByte(program[i])
		case c == '$':
			b.WriteString(anything)
			i += expansion(program[i:]) - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(program)
}

// plainVariable matches an expansion without parentheses.
var plainVariable = regexp.MustCompile(`^\$(?:[A-Za-z_]\w*|[0-9?*@#])`)

// expansion returns the length of the expansion at the start of a program.
func expansion(program string) int {
	if found := plainVariable.FindString(program); found != "" {
		return len(found)
	}
	depth := 0
	for i := 1; i < len(program); i++ {
		switch program[i] {
		case '(', '{':
			depth++
		case ')', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			_, length := shellText(program[i+1:])
			i += length + 1
		}
	}
	return len(program)
}

// pythonCall matches what prints, or makes the text of, a message.
var pythonCall = regexp.MustCompile(
	`\b(?:say|print|again|sys\.exit|raise [A-Z]\w+)\(|\b(?:return|problem =) (?:["a-z]+ \+ )?"|\belse [a-z]+ \+ "`)

// pythonPrefix matches what the function say of a program puts before each text.
var pythonPrefix = regexp.MustCompile(`print\("(\w+: )" \+ text`)

// pythonLines returns the texts of a Python program.
func pythonLines(program string) []string {
	prefix := ""
	if found := pythonPrefix.FindStringSubmatch(program); found != nil {
		prefix = found[1]
	}
	var all []string
	for _, at := range pythonCall.FindAllStringIndex(program, -1) {
		call, rest := program[at[0]:at[1]], program[at[1]:]
		line, _, _ := strings.Cut(program[strings.LastIndexByte(program[:at[0]], '\n')+1:], "\n")
		toOutput := strings.HasPrefix(call, "print(") && !strings.Contains(line, "file=sys.stderr")
		if toOutput || strings.Contains(line, "def ") || pythonPrefix.MatchString(line) {
			continue
		}
		argument := strings.HasSuffix(call, "(")
		if !argument {
			// The expression is part of what was matched.
			rest = strings.TrimLeft(call[strings.IndexByte(call, ' '):], "= ") + rest
		}
		text, ok := pythonText(rest, argument)
		text = strings.TrimSpace(text)
		// What has no blank is no sentence.
		if !ok || !strings.Contains(text, " ") {
			continue
		}
		switch {
		case strings.HasPrefix(call, "say("):
			text = prefix + text
		case strings.HasPrefix(call, "again("):
			text = prefix + text + ": " + anything
		}
		all = append(all, text)
	}
	return all
}

// pythonVerb matches a verb of Python's formats.
var pythonVerb = regexp.MustCompile(`%[sdr]`)

// pythonText reads an expression of literals and names that are joined by +, up to
// the end of the argument, or of the line.
func pythonText(program string, argument bool) (text string, ok bool) {
	var b strings.Builder
	depth, name := 0, false
	for i := 0; i < len(program); i++ {
		switch c := program[i]; {
		case c == '"' && depth == 0:
			end := i + 1 + strings.IndexByte(program[i+1:], '"')
			if strings.HasPrefix(program[end+1:], ".") {
				// The method of a text, such as that which joins a list.
				b.WriteString(anything)
				name, i = true, end
				continue
			}
			b.WriteString(pythonVerb.ReplaceAllString(program[i+1:end], anything))
			ok, name, i = true, false, end
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			if depth--; depth < 0 {
				return b.String(), ok
			}
		case depth > 0:
		case c == ',' && argument, c == '\n' && !argument, c == '%':
			return b.String(), ok
		case c == '+' || c == ' ' || c == '\n':
			name = name && c == ' '
		case !name:
			name = true
			b.WriteString(anything)
		}
	}
	return b.String(), ok
}
