package diagram

import (
	"fmt"
	"strconv"
	"strings"
)

// width is the number of characters in a line of a node.
const width = 24

var weekdays = map[string]string{
	"0": "Sunday", "1": "Monday", "2": "Tuesday", "3": "Wednesday", "4": "Thursday", "5": "Friday", "6": "Saturday",
	"7": "Sunday", "SUN": "Sunday", "MON": "Monday", "TUE": "Tuesday", "WED": "Wednesday", "THU": "Thursday",
	"FRI": "Friday", "SAT": "Saturday",
}

// schedule returns the schedule of a CronJob in words where it is one of the usual
// ones, and as it is written otherwise, with its time zone.
func schedule(cron string, zone *string) string {
	when := inWords(cron)
	if zone != nil {
		when = strings.TrimSpace(when + " " + strings.TrimPrefix(*zone, "Etc/"))
	}
	return when
}

func inWords(cron string) string {
	switch cron {
	case "@hourly":
		return "hourly"
	case "@daily", "@midnight":
		return "daily 00:00"
	case "@weekly":
		return "Sunday 00:00"
	case "@monthly":
		return "monthly, day 1 00:00"
	case "@yearly", "@annually":
		return "yearly"
	}
	fields := strings.Fields(cron)
	if len(fields) != 5 || fields[3] != "*" {
		return cron
	}
	minute, noMinute := strconv.Atoi(fields[0])
	hour, noHour := strconv.Atoi(fields[1])
	if every, ok := strings.CutPrefix(fields[0], "*/"); ok && strings.Join(fields[1:], " ") == "* * * *" {
		return "every " + every + " minutes"
	}
	if noMinute != nil || noHour != nil {
		return cron
	}
	at := fmt.Sprintf("%02d:%02d", hour, minute)
	switch day, dayOfMonth := weekdays[strings.ToUpper(fields[4])], fields[2]; {
	case dayOfMonth == "*" && fields[4] == "*":
		return "daily " + at
	case dayOfMonth == "*" && day != "":
		return day + " " + at
	case fields[4] == "*" && strings.Trim(dayOfMonth, "0123456789") == "":
		return "monthly, day " + dayOfMonth + " " + at
	}
	return cron
}

// wrap breaks text into lines of at most width characters: after a space or, in a
// longer word, after a character that names are made with.
func wrap(text string) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		for part := range strings.SplitSeq(separate.Replace(word), "\x00") {
			if line != "" && len(line)+len(part) > width {
				lines = append(lines, line)
				line = ""
			}
			line += part
		}
	}
	return append(lines, line)
}

// separate marks the places where a line may end within a word.
var separate = strings.NewReplacer("-", "-\x00", ".", ".\x00", "/", "/\x00", ",", ",\x00", "=", "=\x00", ":", "\x00:")
