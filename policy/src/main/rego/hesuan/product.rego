# The owner's word travels with the product: disclosure by column, smallest group, largest epsilon.
package hesuan

level_rank := {"never": 0, "compute": 1, "aggregate": 2, "joinKey": 3, "plain": 4}

denials contains reason("product.withdrawn", product.ref, "live", "withdrawn", "product.replace", [product.ref]) if {
	some product in input.products
	not product.withdrawn == false
}

denials contains reason("product.unknown", "uses", concat(", ", [product.ref | some product in input.products]), ref, "none", []) if {
	job
	some ref in {ref | some list in [input.uses, input.charges]; some entry in list; ref := entry.product}
	count([product | some product in input.products; product.ref == ref]) != 1
}

denials contains reason("column.unknown", use.product, concat(", ", product.columns), use.column, "use.drop", [use.product, use.column]) if {
	job
	some use in input.uses
	some product in input.products
	product.ref == use.product
	not use.column in product.columns
}

denials contains reason("disclosure.level", concat(".", [use.product, use.column]), level, use.use, change.kind, change.args) if {
	job
	some use in input.uses
	some product in input.products
	product.ref == use.product
	some receiver in recipients(use)
	level := granted(product, use.column, receiver)
	not level_rank[level] >= level_rank[use.use]
	change := level_change(use, level)
}

# A use that names no receiver still serves those who receive the outputs.
recipients(use) := {receiver | some receiver in use.receivers} if count(use.receivers) > 0

recipients(use) := {receiver | some receiver in input.outputs[_].to} if count(use.receivers) == 0

level_change(use, level) := {"kind": "use.level", "args": [use.product, use.column, level]} if level != "never"

level_change(use, level) := {"kind": "use.drop", "args": [use.product, use.column]} if level == "never"

# The most that a rule in force grants to the receiver; but a rule that says never, also an old one,
# outdoes the others. The owner needs no grant, yet its own never binds it too.
default granted(_, _, _) := "never"

granted(product, column, receiver) := level if {
	said := [rule | some rule in column_rules(product, column); speaks(rule, receiver)]
	every rule in said {
		rule.level != "never"
	}
	ranks := {level_rank[rule.level] | some rule in said; in_force(rule)} | {4 | receiver == product.owner}
	some level, rank in level_rank
	rank == max(ranks)
}

column_rules(product, column) := own if {
	own := [rule | some rule in product.rules; rule.column == column]
	count(own) > 0
}

column_rules(product, column) := [rule | some rule in product.rules; rule.column == "*"] if {
	count([rule | some rule in product.rules; rule.column == column]) == 0
}

speaks(rule, receiver) if {
	some named in rule.receivers
	named in {receiver, "*"}
	some code in rule.purposes
	covers(code, input.purpose)
}

in_force(rule) if input.time < (rule.until + 1) * day_seconds

group_minimum := max({settings.minGroup} | {product.minGroup | some product in input.products})

denials contains reason("group.minimum", "privacy.minGroup", group_minimum, input.minGroup, "privacy.minGroup", [group_minimum]) if {
	job
	not input.minGroup >= group_minimum
}

denials contains reason("epsilon.maximum", product.ref, most, spent, "privacy.epsilon", [most]) if {
	job
	some product in input.products
	most := min({settings.maxEpsilonMicros, product.maxEpsilonMicros})
	spent := sum([charge.epsilonMicros | some charge in input.charges; charge.product == product.ref])
	not spent <= most
}

denials contains reason("delta.maximum", charge.product, settings.maxDeltaTrillionths, charge.deltaTrillionths, "privacy.delta", [settings.maxDeltaTrillionths]) if {
	job
	some charge in input.charges
	not charge.deltaTrillionths <= settings.maxDeltaTrillionths
}
