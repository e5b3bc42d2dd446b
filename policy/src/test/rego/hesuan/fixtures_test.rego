# A question of each phase that every rule allows; cases change one thing of it.
package hesuan_test

rules := [
	{"column": "uid", "level": "joinKey", "receivers": ["*"], "purposes": ["audience"], "until": 20800},
	{"column": "city", "level": "aggregate", "receivers": ["brand-a"], "purposes": ["audience.overlap"], "until": 20800},
	{"column": "*", "level": "compute", "receivers": ["*"], "purposes": ["*"], "until": 20800},
]

members := {
	"ref": "brand-a/members@12", "asset": "brand-a/members", "owner": "brand-a", "idColumn": "uid",
	"columns": ["uid", "city", "age"], "rules": rules, "minGroup": 50, "maxEpsilonMicros": 1000000, "withdrawn": false,
}

orders := {
	"ref": "shop-b/orders@40", "asset": "shop-b/orders", "owner": "shop-b", "idColumn": "uid",
	"columns": ["uid", "city", "age"], "rules": rules, "minGroup": 50, "maxEpsilonMicros": 1000000, "withdrawn": false,
}

settings := {
	"purposes": ["audience", "audience.overlap", "risk"],
	"deniedPurposes": [], "deniedParties": [], "deniedProtocols": [], "deniedColumns": ["id_card"],
	"minGroup": 10, "maxEpsilonMicros": 1000000, "maxDeltaTrillionths": 1000000,
	"frozen": false, "frozenParties": [], "frozenProducts": [], "frozenContracts": [],
}

# day 20778, noon
admit := {
	"phase": "admit",
	"party": "shop-b",
	"purpose": "audience.overlap",
	"contract": {
		"id": "ctr-2031",
		"parties": ["brand-a", "shop-b"],
		"purposes": ["audience"],
		"products": ["brand-a/members", "shop-b/orders"],
		"protocols": ["overlap"],
		"outputs": [{"form": "aggregate", "to": ["brand-a"]}],
		"notBefore": 20700, "notAfter": 20778, "jobsMax": 10, "jobsUsed": 9, "withdrawn": false,
	},
	"parties": ["brand-a", "shop-b"],
	"products": [members, orders],
	"protocols": ["overlap"],
	"uses": [
		{"product": "brand-a/members@12", "column": "uid", "use": "joinKey", "receivers": ["brand-a"], "where": "overlap.id"},
		{"product": "shop-b/orders@40", "column": "uid", "use": "joinKey", "receivers": ["brand-a"], "where": "overlap.id"},
		{"product": "shop-b/orders@40", "column": "city", "use": "aggregate", "receivers": ["brand-a"], "where": "overlap.by"},
	],
	"reveals": [{"to": "brand-a", "what": "overlap.noisedCounts"}],
	"charges": [
		{"product": "brand-a/members@12", "owner": "brand-a", "epsilonMicros": 500000, "deltaTrillionths": 100000},
		{"product": "shop-b/orders@40", "owner": "shop-b", "epsilonMicros": 500000, "deltaTrillionths": 100000},
	],
	"outputs": [{"name": "n_by_city", "form": "aggregate", "to": ["brand-a"]}],
	"minGroup": 50, "cells": 3, "attempt": 0, "time": 1795262400,
}

publish := {"phase": "publish", "party": "shop-b", "products": [orders], "time": 1795262400}

release := object.union(admit, {
	"phase": "release",
	"attempt": 1,
	"release": {
		"name": "n_by_city", "form": "aggregate", "to": ["brand-a"], "columns": ["city", "n"],
		"rows": 2, "suppressed": 1, "minGroup": 50, "epsilonMicros": 500000,
	},
})

# Two owners' intersection: the id as it is, no noise.
members_release := object.union(release, {
	"products": [product | some given in [members, orders]; product := object.union(given, {"rules": [object.union(rules[0], {"level": "plain"}), rules[1], rules[2]]})],
	"protocols": ["intersect"],
	"contract": object.union(release.contract, {"protocols": ["intersect"], "outputs": [{"form": "members", "to": ["brand-a"]}]}),
	"uses": [
		{"product": "brand-a/members@12", "column": "uid", "use": "plain", "receivers": ["brand-a"], "where": "intersect.id"},
		{"product": "shop-b/orders@40", "column": "uid", "use": "plain", "receivers": ["brand-a"], "where": "intersect.id"},
	],
	"charges": [],
	"outputs": [{"name": "shared", "form": "members", "to": ["brand-a"]}],
	"cells": 0,
	"release": {
		"name": "shared", "form": "members", "to": ["brand-a"], "columns": ["uid"],
		"rows": 60, "suppressed": 0, "minGroup": 50, "epsilonMicros": 0,
	},
})
