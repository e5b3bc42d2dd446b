# A policy that answers what an engine must not take for an allow; the purpose says which answer.
package hesuan

fair := {"allow": true, "reasons": [], "obligations": []}

decision := fair if input.purpose == "fair"

decision := "true" if input.purpose == "text"

decision if input.purpose == "truth"

decision := [fair] if input.purpose == "list"

decision := object.union(fair, {"note": "x"}) if input.purpose == "extra"

decision := {"allow": true, "reasons": []} if input.purpose == "partial"

decision := object.union(fair, {"allow": "true"}) if input.purpose == "quoted"

decision := object.union(fair, {"allow": 1}) if input.purpose == "number"

decision := object.union(fair, {"reasons": {}}) if input.purpose == "object"

decision := object.union(fair, {"reasons": [reason("some.rule")]}) if input.purpose == "reasoned"

decision := object.union(fair, {"allow": false}) if input.purpose == "silent"

decision := object.union(fair, {"obligations": [{"kind": "x", "value": 0.5}]}) if input.purpose == "fraction"

decision := object.union(fair, {"obligations": [{"kind": "mask", "value": 1}]}) if input.purpose == "mask"

decision := object.union(fair, {"obligations": [{"kind": "group.minimum", "value": 51}]}) if input.purpose == "group"

decision := {"allow": false, "reasons": [reason("../rule")], "obligations": []} if input.purpose == "name"

decision := {"allow": false, "reasons": [reason("some.rule")], "obligations": [{"kind": "x", "value": 1}]} if {
	input.purpose == "obliged"
}

decision := {"allow": false, "reasons": [reason("some.rule") | some _ in numbers.range(1, 1000)], "obligations": []} if {
	input.purpose == "many"
}

decision := {"allow": false, "reasons": [echo], "obligations": []} if input.purpose == "echo"

decision := fair if {
	input.purpose == "slow"
	some x in points
	some y in points
	some z in points
	is_string(z)
}

decision := fair if {
	input.purpose == "memory"
	count([[x, y] | some x in numbers.range(1, 5000); some y in numbers.range(1, 5000)]) > 0
}

decision := [input.products, "conflict"] if input.purpose == "conflict"

decision := input.minGroup if input.purpose == "conflict"

# A set, because walking a list takes memory, and this one is to be slow and small.
points := {n | some n in numbers.range(1, 5000)}

reason(rule) := {"rule": rule, "at": "x", "expected": "x", "found": "x", "change": {"kind": "none", "args": []}}

# What it finds in settings and question: nothing of an earlier one may be there.
echo := object.union(reason("echo.seen"), {
	"at": concat(" ", data.settings.frozenContracts),
	"found": concat(" ", [concat(" ", [reveal.to, reveal.what]) | some reveal in input.reveals]),
	"expected": concat(" ", [key | some key, _ in data.settings; key == "frozenProducts"]),
})
