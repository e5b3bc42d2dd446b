# No question with a field missing or of another type is allowed, whichever field it is.
package hesuan_test

paths(question) := {path | walk(question, [path, _]); count(path) > 0; not optional(path)}

# an element of a list may be left out, and a bare `contract` path ends here
optional(path) if is_number(path[count(path) - 1])

pointer(path) := concat("/", array.concat([""], [text(step) | some step in path]))

text(step) := step if is_string(step)

text(step) := format_int(step, 10) if is_number(step)

test_field_missing[name] if {
	some name in ["publish", "release"]
	every path in paths(phases[name]) {
		decision := decide(json.patch(phases[name], [{"op": "remove", "path": pointer(path)}]), settings)
		decision.allow == false
		count(decision.reasons) > 0
	}
}

test_field_of_another_type[name] if {
	some name in ["publish", "release"]
	every other in [null, {"x": "y"}, "x", -1] {
		every path in paths(phases[name]) {
			not lax(phases[name], path, other)
		}
	}
}

lax(question, path, other) if {
	type_name(object.get(question, path, null)) != type_name(other)
	decide(json.patch(question, set(pointer(path), other)), settings).allow
}

test_setting_missing[name] if {
	some name, _ in settings
	decision := decide(admit, object.remove(settings, [name]))
	decision.allow == false
	"settings.malformed" in names(decision)
}

test_setting_of_another_type[name] if {
	some name, value in settings
	every other in [null, {"x": 1}, "x", -1, 0.5, [1]] {
		not decide(admit, object.union(settings, {name: other})).allow
	}
}

test_nothing_at_all if {
	not decide({}, {}).allow
	not decide(null, null).allow
	not decide(admit, {}).allow
	names(decide({}, {})) == {"input.malformed", "settings.malformed"}
}
