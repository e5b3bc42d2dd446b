package hesuan_test

import data.hesuan

decide(question, own) := decision if {
	decision := hesuan.decision with input as question with data.settings as own
}

changed(question, patches) := decide(json.patch(question, patches), settings)

own(patches) := decide(admit, json.patch(settings, patches))

set(path, value) := [{"op": "replace", "path": path, "value": value}]

add(path, value) := [{"op": "add", "path": path, "value": value}]

names(decision) := {reason.rule | some reason in decision.reasons}

one(decision) := decision.reasons[0] if count(decision.reasons) == 1

phases[phase] := question if {
	some phase in ["propose", "admit", "step"]
	question := json.patch(admit, set("/phase", phase))
}

phases["publish"] := publish

phases["release"] := release

test_allowed[phase] if {
	some phase, question in phases
	decide(question, settings).allow
	decide(question, settings).reasons == []
}

test_proposer_is_no_party if {
	question := json.patch(admit, array.concat(set("/phase", "propose"), set("/party", "coordinator")))
	decide(question, settings).allow
	not decide(json.patch(question, set("/phase", "admit")), settings).allow
}

test_obligations if {
	decide(admit, settings).obligations == [{"kind": "group.minimum", "value": 50}]
	own(set("/minGroup", 20)).obligations == [{"kind": "group.minimum", "value": 50}]
	changed(admit, array.concat(set("/products/0/minGroup", 5), set("/products/1/minGroup", 6))).obligations == [{"kind": "group.minimum", "value": 10}]
	decide(publish, settings).obligations == []
	own(set("/frozen", true)).obligations == []
}

# what is asked, which rules deny it, and nothing else does
denials := {
	"phase": [changed(admit, set("/phase", "redistribute")), {"input.malformed"}],
	"contract withdrawn": [changed(admit, set("/contract/withdrawn", true)), {"contract.withdrawn"}],
	"contract not yet": [changed(admit, set("/contract/notBefore", 20779)), {"contract.early"}],
	"contract over": [changed(admit, set("/contract/notAfter", 20777)), {"contract.expired"}],
	"contract used up": [changed(admit, set("/contract/jobsUsed", 10)), {"contract.jobs"}],
	"contract without the party": [changed(admit, set("/contract/parties", ["brand-a"])), {"contract.party"}],
	"plan with a stranger": [changed(admit, add("/parties/-", "pay-c")), {"contract.party"}],
	"use for a stranger": [changed(admit, add("/uses/0/receivers/-", "pay-c")), {"contract.party"}],
	"reveal to a stranger": [changed(admit, add("/reveals/-", {"to": "pay-c", "what": "x"})), {"contract.party"}],
	"output to a stranger": [changed(admit, add("/outputs/0/to/-", "pay-c")), {"contract.party", "contract.output"}],
	"product of a stranger": [changed(admit, array.concat(set("/products/0/owner", "pay-c"), [])), {"contract.party"}],
	"release to a stranger": [changed(release, add("/release/to/-", "pay-c")), {"contract.party", "release.output"}],
	"purpose beside the contract": [changed(admit, set("/contract/purposes", ["risk", "audience.over"])), {"contract.purpose"}],
	"product beside the contract": [changed(admit, set("/contract/products", ["shop-b/orders"])), {"contract.product"}],
	"protocol beside the contract": [changed(admit, set("/contract/protocols", ["dpQuery"])), {"contract.protocol"}],
	"form beside the contract": [changed(admit, set("/outputs/0/form", "model")), {"contract.output"}],
	"receiver beside the contract": [changed(admit, set("/outputs/0/to", ["shop-b"])), {"contract.output"}],
	"product withdrawn": [changed(admit, set("/products/1/withdrawn", true)), {"product.withdrawn"}],
	"product not of the plan": [changed(admit, set("/uses/2/product", "shop-b/orders@41")), {"product.unknown"}],
	"charge not of the plan": [changed(admit, set("/charges/1/product", "shop-b/orders@41")), {"product.unknown"}],
	"product twice": [changed(admit, add("/products/-", orders)), {"product.unknown"}],
	"column that is not there": [changed(admit, set("/uses/2/column", "phone")), {"column.unknown", "disclosure.level"}],
	"level too high": [changed(admit, set("/uses/2/use", "plain")), {"disclosure.level"}],
	"column under the star rule": [changed(admit, set("/uses/2/column", "age")), {"disclosure.level"}],
	"purpose beside the rule": [changed(admit, set("/purpose", "audience")), {"disclosure.level"}],
	"rule over": [changed(admit, set("/products/1/rules/1/until", 20777)), {"disclosure.level"}],
	"rule for another receiver": [changed(admit, set("/products/1/rules/1/receivers", ["pay-c"])), {"disclosure.level"}],
	"column without a rule": [changed(admit, set("/products/1/rules", [rules[0]])), {"disclosure.level"}],
	"never, beside a grant": [changed(admit, add("/products/1/rules/-", json.patch(rules[1], set("/level", "never")))), {"disclosure.level"}],
	"never, though long over": [
		changed(admit, add("/products/1/rules/-", json.patch(rules[1], array.concat(set("/level", "never"), set("/until", 1))))),
		{"disclosure.level"},
	],
	"the owner's own never": [changed(admit, set("/products/0/rules/0/level", "never")), {"disclosure.level"}],
	"use without receivers": [
		changed(admit, array.concat(set("/uses/2/receivers", []), set("/uses/2/use", "plain"))),
		{"disclosure.level"},
	],
	"small groups": [changed(admit, set("/minGroup", 49)), {"group.minimum"}],
	"small groups, by the settings": [own(set("/minGroup", 51)), {"group.minimum"}],
	"much epsilon": [changed(admit, set("/charges/1/epsilonMicros", 1000001)), {"epsilon.maximum"}],
	"much epsilon, by the product": [changed(admit, set("/products/1/maxEpsilonMicros", 499999)), {"epsilon.maximum"}],
	"much epsilon, by the settings": [own(set("/maxEpsilonMicros", 499999)), {"epsilon.maximum"}],
	"much epsilon in parts": [changed(admit, add("/charges/-", json.patch(admit.charges[1], set("/epsilonMicros", 500001)))), {"epsilon.maximum"}],
	"much delta": [changed(admit, set("/charges/1/deltaTrillionths", 1000001)), {"delta.maximum"}],
	"everything frozen": [own(set("/frozen", true)), {"all.frozen"}],
	"party frozen": [own(set("/frozenParties", ["brand-a"])), {"party.frozen"}],
	"itself frozen": [own(set("/frozenParties", ["shop-b"])), {"party.frozen"}],
	"product frozen": [own(set("/frozenProducts", ["shop-b/orders"])), {"product.frozen"}],
	"version frozen": [own(set("/frozenProducts", ["shop-b/orders@40"])), {"product.frozen"}],
	"contract frozen": [own(set("/frozenContracts", ["ctr-2031"])), {"contract.frozen"}],
	"party denied": [own(set("/deniedParties", ["brand-a"])), {"party.denied"}],
	"purpose denied": [own(set("/deniedPurposes", ["audience.overlap"])), {"purpose.denied"}],
	"purpose denied from above": [own(set("/deniedPurposes", ["audience"])), {"purpose.denied"}],
	"purpose denied from below": [own(set("/deniedPurposes", ["audience.overlap.daily"])), {"purpose.denied"}],
	"every purpose denied": [own(set("/deniedPurposes", ["*"])), {"purpose.denied"}],
	"purpose unknown": [own(set("/purposes", ["audience", "risk"])), {"purpose.unknown"}],
	"protocol denied": [own(set("/deniedProtocols", ["overlap"])), {"protocol.denied"}],
	"foreign product": [changed(publish, set("/party", "brand-a")), {"publish.owner"}],
	"negative list": [changed(publish, add("/products/0/columns/-", "ID_card")), {"publish.column"}],
	"plain identifier": [changed(publish, set("/products/0/rules/0/level", "plain")), {"publish.identifier"}],
	"plain identifier by the star": [changed(publish, set("/products/0/rules", [json.patch(rules[2], set("/level", "plain"))])), {"publish.identifier"}],
	"plain identifier to everybody, for an intersection": [
		changed(publish, array.concat(set("/products/0/rules/0/level", "plain"), set("/products/0/rules/0/purposes", ["audience.intersect"]))),
		{"publish.identifier"},
	],
	"plain identifier for an intersection and more": [
		changed(publish, array.concat(
			array.concat(set("/products/0/rules/0/level", "plain"), set("/products/0/rules/0/receivers", ["brand-a"])),
			set("/products/0/rules/0/purposes", ["audience.intersect", "audience"]),
		)),
		{"publish.identifier"},
	],
	"plain star for an intersection": [
		changed(publish, set("/products/0/rules", [object.union(rules[2], {"level": "plain", "receivers": ["brand-a"], "purposes": ["audience.intersect"]})])),
		{"publish.identifier"},
	],
	"lax terms": [changed(publish, set("/products/0/minGroup", 9)), {"publish.minGroup"}],
	"generous terms": [changed(publish, set("/products/0/maxEpsilonMicros", 1000001)), {"publish.maxEpsilon"}],
	"other output": [changed(release, set("/release/name", "n")), {"release.output"}],
	"other form": [changed(release, set("/release/form", "model")), {"release.output"}],
	"other receiver": [changed(release, set("/release/to", ["shop-b"])), {"release.output"}],
	"no receiver": [changed(release, set("/release/to", [])), {"release.receiver"}],
	"id released": [changed(release, add("/release/columns/-", "uid")), {"release.column"}],
	"id released as an aggregate": [
		changed(release, array.concat(
			add("/release/columns/-", "uid"),
			add("/uses/-", json.patch(admit.uses[1], set("/use", "aggregate"))),
		)),
		{"release.column"},
	],
	"unused column released": [changed(release, add("/release/columns/-", "age")), {"release.column"}],
	"computed column released": [
		changed(release, array.concat(
			add("/release/columns/-", "age"),
			add("/uses/-", json.patch(admit.uses[2], array.concat(set("/column", "age"), set("/use", "compute")))),
		)),
		{"release.column"},
	],
	"more rows": [changed(release, set("/release/rows", 3)), {"release.rows"}],
	"more suppressed": [changed(release, set("/release/suppressed", 2)), {"release.rows"}],
	"smaller group": [changed(release, set("/release/minGroup", 49)), {"release.group"}],
	"smaller group than planned": [changed(release, set("/minGroup", 60)), {"release.group"}],
	"a short list": [changed(members_release, set("/release/rows", 49)), {"release.members"}],
	"a list below the planned minimum": [
		changed(members_release, array.concat(
			array.concat(set("/minGroup", 70), set("/release/minGroup", 70)),
			set("/release/rows", 69),
		)),
		{"release.members"},
	],
	"the id in a list that only matches": [
		changed(members_release, array.concat(set("/uses/0/use", "joinKey"), set("/uses/1/use", "joinKey"))),
		{"release.column"},
	],
	"the id in figures": [
		changed(members_release, array.concat(
			array.concat(set("/release/form", "aggregate"), set("/outputs/0/form", "aggregate")),
			array.concat(set("/contract/outputs/0/form", "aggregate"), set("/cells", 100)),
		)),
		{"release.column"},
	],
	"more epsilon": [changed(release, set("/release/epsilonMicros", 500001)), {"release.epsilon"}],
	"epsilon without a charge": [changed(release, set("/charges", [])), {"release.epsilon"}],
}

test_denied[name] if {
	some name, case in denials
	case[0].allow == false
	names(case[0]) == case[1]
	case[0].obligations == []
}

# every rule that the sources name has a case above, apart from these
test_every_rule_has_a_case if {
	covered := {rule | some case in denials; some rule in case[1]} | {"settings.malformed"}
	count(covered) == 38
}

# still allowed: bounds that are met exactly, and what other rules do not speak of
allowed := {
	"last day": changed(admit, set("/time", (20779 * 86400) - 1)),
	"first day": changed(admit, set("/contract/notBefore", 20778)),
	"rule's last day": changed(admit, set("/products/1/rules/1/until", 20778)),
	"epsilon to the brim": changed(admit, set("/charges/1/epsilonMicros", 1000000)),
	"delta to the brim": changed(admit, set("/charges/1/deltaTrillionths", 1000000)),
	"lower level": changed(admit, set("/uses/2/use", "compute")),
	"the owner's own column": changed(admit, array.concat(
		set("/uses/2/product", "brand-a/members@12"),
		set("/uses/2/use", "plain"),
	)),
	"rule for every receiver": changed(admit, set("/products/1/rules/1/receivers", ["*"])),
	"rule for every purpose": changed(admit, set("/products/1/rules/1/purposes", ["*"])),
	"two grants, the higher counts": changed(admit, add("/products/1/rules/-", json.patch(rules[1], set("/level", "compute")))),
	"another purpose denied": own(set("/deniedPurposes", ["audience.over", "risk"])),
	"another party frozen": own(set("/frozenParties", ["pay-c"])),
	"another version frozen": own(set("/frozenProducts", ["shop-b/orders@41", "shop-b/order"])),
	"a list of the receiver's own people": changed(members_release, []),
	"plain identifier to one receiver, for intersections alone": changed(publish, array.concat(
		array.concat(set("/products/0/rules/0/level", "plain"), set("/products/0/rules/0/receivers", ["brand-a"])),
		set("/products/0/rules/0/purposes", ["audience.intersect", "audience.intersect.autumn"]),
	)),
	"a list of just enough": changed(members_release, set("/release/rows", 50)),
	"model of any size": changed(release, array.concat(
		array.concat(set("/release/form", "model"), set("/outputs/0/form", "model")),
		array.concat(set("/contract/outputs/0/form", "model"), set("/release/rows", 10000)),
	)),
	"no noise, no epsilon": changed(release, array.concat(set("/charges", []), set("/release/epsilonMicros", 0))),
	"plain column that the plan releases": changed(release, array.concat(
		array.concat(set("/uses/2/use", "plain"), set("/products/1/rules/1/level", "plain")),
		[],
	)),
}

test_still_allowed[name] if {
	some name, decision in allowed
	decision.allow
}

test_changes if {
	one(changed(admit, set("/uses/2/use", "plain"))).change == {"kind": "use.level", "args": ["shop-b/orders@40", "city", "aggregate"]}
	one(changed(admit, set("/products/1/rules", [rules[0]]))).change == {"kind": "use.drop", "args": ["shop-b/orders@40", "city"]}
	one(changed(admit, set("/minGroup", 5))).change == {"kind": "privacy.minGroup", "args": [50]}
	one(own(set("/deniedPurposes", ["audience"]))).change == {"kind": "purpose.choose", "args": ["risk"]}
	one(changed(admit, set("/contract/purposes", []))).change == {"kind": "contract.extend", "args": ["purposes", "audience.overlap"]}
}
