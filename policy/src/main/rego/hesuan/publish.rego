# What may become a product at all.
package hesuan

denials contains reason("publish.owner", product.ref, input.party, product.owner, "none", []) if {
	input.phase == "publish"
	some product in input.products
	product.owner != input.party
}

denials contains reason("publish.column", product.ref, "not on the negative list", column, "column.drop", [column]) if {
	input.phase == "publish"
	some column in input.products[_].columns
	lower(column) in {lower(denied) | some denied in settings.deniedColumns}
	some product in input.products
}

denials contains reason("publish.identifier", product.idColumn, "joinKey", "plain", "rule.level", [product.idColumn, "joinKey"]) if {
	input.phase == "publish"
	some product in input.products
	some rule in column_rules(product, product.idColumn)
	rule.level == "plain"
	not names_an_intersection(rule)
}

# Whom two owners share is told by the id as it is; then only to receivers by name, and for that alone.
names_an_intersection(rule) if {
	rule.column != "*"
	not "*" in rule.receivers
	every purpose in rule.purposes {
		startswith(concat("", [purpose, "."]), "audience.intersect.")
	}
}

denials contains reason("publish.minGroup", "terms.minGroup", settings.minGroup, product.minGroup, "terms.minGroup", [settings.minGroup]) if {
	input.phase == "publish"
	some product in input.products
	not product.minGroup >= settings.minGroup
}

denials contains reason("publish.maxEpsilon", "terms.maxEpsilon", settings.maxEpsilonMicros, product.maxEpsilonMicros, "terms.maxEpsilon", [settings.maxEpsilonMicros]) if {
	input.phase == "publish"
	some product in input.products
	not product.maxEpsilonMicros <= settings.maxEpsilonMicros
}
