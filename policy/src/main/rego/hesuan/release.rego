# The shape of what would leave: columns, rows, smallest group, epsilon. Never a value.
package hesuan

releasing if input.phase == "release"

denials contains reason("release.output", input.release.name, concat(", ", planned_outputs), concat(" to ", [input.release.form, receiver]), "none", []) if {
	releasing
	some receiver in input.release.to
	not planned_output(input.release.name, input.release.form, receiver)
}

planned_outputs := [concat(" to ", [concat(" ", [output.name, output.form]), receiver]) |
	some output in input.outputs
	some receiver in output.to
]

planned_output(name, form, receiver) if {
	some output in input.outputs
	output.name == name
	output.form == form
	receiver in output.to
}

denials contains reason("release.receiver", input.release.name, "at least 1", 0, "none", []) if {
	releasing
	count(input.release.to) == 0
}

# A column of a product leaves only as the plan uses it, and one that identifies people not at all.
denials contains reason("release.column", input.release.name, concat(", ", releasable), column, "output.drop", [column]) if {
	releasing
	some column in input.release.columns
	some product in input.products
	column in product.columns
	not column in releasable
}

releasable contains use.column if {
	some use in input.uses
	use.use in {"aggregate", "plain"}
	every product in input.products {
		product.idColumn != use.column
	}
}

# A list of people leaves nobody's domain, but whoever holds it knows who they are to the other owner: here
# the plan uses the id itself.
releasable contains use.column if {
	input.release.form == "members"
	some use in input.uses
	use.use == "plain"
}

denials contains reason("release.rows", input.release.name, input.cells, input.release.rows + input.release.suppressed, "none", []) if {
	releasing
	not input.release.form in {"model", "members"}
	not input.release.rows + input.release.suppressed <= input.cells
}

denials contains reason("release.group", "release.minGroup", group, input.release.minGroup, "privacy.minGroup", [group]) if {
	releasing
	group := max({group_minimum, input.minGroup})
	not input.release.minGroup >= group
}

# A short list singles people out, whatever the group minimum was said to be.
denials contains reason("release.members", input.release.name, group, input.release.rows, "none", []) if {
	releasing
	input.release.form == "members"
	group := max({group_minimum, input.minGroup})
	not input.release.rows >= group
}

denials contains reason("release.epsilon", "release.epsilon", charged, input.release.epsilonMicros, "privacy.epsilon", [charged]) if {
	releasing
	charged := max({0} | {charge.epsilonMicros | some charge in input.charges})
	not input.release.epsilonMicros <= charged
}
