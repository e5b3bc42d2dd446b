# What a party answers before anything of it is published, planned, run or released.
#
# input: one PolicyInput (docs/policy.md); data.settings: the party's own PartySettings.
# Nothing here reads a clock, a file, the network or a random number: whatever matters is in the input.
#
# Two locks: `allow` needs a well-formed question and no denial. Every denial is written as
# "deny if not <what must hold>", so that what is undefined denies.
package hesuan

# entry point: the one value that the engine reads
decision := {
	"allow": allow,
	"reasons": [denial | some denial in sort(denials)],
	"obligations": [obligation | allow; some obligation in sort(obligations)],
}

default allow := false

allow if {
	formed
	settings_formed
	count(denials) == 0
}

denials contains reason("input.malformed", "input", "well-formed", "malformed", "none", []) if {
	not formed
}

denials contains reason("settings.malformed", "settings", "well-formed", "malformed", "none", []) if {
	not settings_formed
}

# What must be done on an allow; the engine denies where the plan does not do it.
obligations contains {"kind": "group.minimum", "value": group_minimum} if job

job if input.phase in {"propose", "admit", "step", "release"}

reason(rule, at, expected, found, change, args) := {
	"rule": rule,
	"at": at,
	"expected": expected,
	"found": found,
	"change": {"kind": change, "args": args},
}

# A code covers itself and the codes below it: `audience` covers `audience.overlap`.
covers("*", _)

covers(code, purpose) if code == purpose

covers(code, purpose) if startswith(purpose, concat("", [code, "."]))
