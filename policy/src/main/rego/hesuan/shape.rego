# The second reading of the question's shape (the first is the caller's typed record). A missing or
# mistyped field would make a rule undefined, and an undefined rule cannot deny.
package hesuan

formed if {
	input.phase == "publish"
	formed_question
	count(input.products) == 1
}

formed if {
	input.phase in {"propose", "admit", "step"}
	formed_question
	formed_job
}

formed if {
	input.phase == "release"
	formed_question
	formed_job
	formed_release
}

formed_question if {
	is_string(input.party)
	natural(input.time)
	is_array(input.products)
	count(input.products) > 0
	every product in input.products {
		formed_product(product)
	}
}

formed_product(product) if {
	texts(product, ["ref", "asset", "owner", "idColumn"])
	naturals(product, ["minGroup", "maxEpsilonMicros"])
	is_boolean(product.withdrawn)
	strings(product.columns)
	is_array(product.rules)
	every rule in product.rules {
		texts(rule, ["column", "level"])
		rule.level in object.keys(level_rank)
		strings(rule.receivers)
		strings(rule.purposes)
		is_number(rule.until)
	}
}

formed_job if {
	is_string(input.purpose)
	naturals(input, ["minGroup", "attempt", "cells"])
	strings(input.parties)
	strings(input.protocols)
	formed_contract(input.contract)
	is_array(input.uses)
	every use in input.uses {
		texts(use, ["product", "column", "use", "where"])
		use.use in object.keys(level_rank)
		strings(use.receivers)
	}
	is_array(input.reveals)
	every reveal in input.reveals {
		texts(reveal, ["to", "what"])
	}
	is_array(input.charges)
	every charge in input.charges {
		texts(charge, ["product", "owner"])
		naturals(charge, ["epsilonMicros", "deltaTrillionths"])
	}
	formed_outputs(input.outputs)
}

formed_contract(contract) if {
	is_string(contract.id)
	strings(contract.parties)
	strings(contract.purposes)
	strings(contract.products)
	strings(contract.protocols)
	is_array(contract.outputs)
	every output in contract.outputs {
		is_string(output.form)
		strings(output.to)
	}
	is_number(contract.notBefore)
	is_number(contract.notAfter)
	naturals(contract, ["jobsMax", "jobsUsed"])
	is_boolean(contract.withdrawn)
}

formed_outputs(outputs) if {
	is_array(outputs)
	every output in outputs {
		texts(output, ["name", "form"])
		strings(output.to)
	}
}

formed_release if {
	formed_outputs([input.release])
	strings(input.release.columns)
	naturals(input.release, ["rows", "suppressed", "minGroup", "epsilonMicros"])
}

settings_formed if {
	is_boolean(data.settings.frozen)
	naturals(data.settings, ["minGroup", "maxEpsilonMicros", "maxDeltaTrillionths"])
	every name in [
		"purposes", "deniedPurposes", "deniedParties", "deniedProtocols", "deniedColumns",
		"frozenParties", "frozenProducts", "frozenContracts",
	] {
		strings(data.settings[name])
	}
}

texts(thing, names) if {
	every name in names {
		is_string(thing[name])
	}
}

naturals(thing, names) if {
	every name in names {
		natural(thing[name])
	}
}

natural(number) if {
	is_number(number)
	number >= 0
	number == floor(number)
}

strings(list) if {
	is_array(list)
	every item in list {
		is_string(item)
	}
}
