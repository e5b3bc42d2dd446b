# The party's own settings: kill switches, and whom, what for and by which protocol never.
package hesuan

settings := data.settings

# Everyone who takes part or would receive something.
concerned contains input.party

concerned contains party if some party in input.parties

concerned contains product.owner if some product in input.products

concerned contains use_receiver if some use_receiver in input.uses[_].receivers

concerned contains reveal.to if some reveal in input.reveals

concerned contains receiver if some receiver in input.outputs[_].to

concerned contains receiver if {
	input.phase == "release"
	some receiver in input.release.to
}

denials contains reason("all.frozen", "settings", "live", "frozen", "party.ask", [input.party]) if {
	not settings.frozen == false
}

denials contains reason("party.frozen", "parties", "live", party, "party.ask", [input.party]) if {
	some party in concerned
	party in settings.frozenParties
}

denials contains reason("product.frozen", product.ref, "live", "frozen", "product.replace", [product.ref]) if {
	some product in input.products
	some frozen in settings.frozenProducts
	frozen in {product.ref, product.asset}
}

denials contains reason("contract.frozen", "contract", "live", input.contract.id, "party.ask", [input.party]) if {
	job
	input.contract.id in settings.frozenContracts
}

denials contains reason("party.denied", "parties", "another party", party, "party.drop", [party]) if {
	some party in concerned
	party in settings.deniedParties
}

denials contains reason("purpose.unknown", "purpose", concat(", ", settings.purposes), input.purpose, "purpose.choose", settings.purposes) if {
	job
	not input.purpose in settings.purposes
}

# Also denied: a purpose so broad that a denied one lies below it.
denials contains reason("purpose.denied", "purpose", concat("", ["not ", denied]), input.purpose, "purpose.choose", fitting) if {
	job
	some denied in settings.deniedPurposes
	overlapping(denied, input.purpose)
	fitting := [code |
		some code in settings.purposes
		not denied_purpose(code)
	]
}

denied_purpose(code) if {
	some denied in settings.deniedPurposes
	overlapping(denied, code)
}

overlapping(one, other) if covers(one, other)

overlapping(one, other) if covers(other, one)

denials contains reason("protocol.denied", "steps", concat("", ["not ", protocol]), protocol, "protocol.drop", [protocol]) if {
	job
	some protocol in input.protocols
	protocol in settings.deniedProtocols
}
