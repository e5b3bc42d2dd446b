# Nothing runs outside the contract that the parties signed.
package hesuan

contract := input.contract

day_seconds := 86400

denials contains reason("contract.withdrawn", "contract", "live", "withdrawn", "contract.sign", [contract.id]) if {
	job
	not contract.withdrawn == false
}

denials contains reason("contract.early", "contract.notBefore", contract.notBefore, input.time, "run.from", [contract.notBefore]) if {
	job
	not input.time >= contract.notBefore * day_seconds
}

denials contains reason("contract.expired", "contract.notAfter", contract.notAfter, input.time, "contract.sign", [contract.id]) if {
	job
	not input.time < (contract.notAfter + 1) * day_seconds
}

# The coordinator asks itself and takes no part.
proposer(party) if {
	input.phase == "propose"
	party == input.party
}

# jobsUsed counts the other jobs, so that a job does not stand in its own way in a later phase.
denials contains reason("contract.jobs", "contract.jobsMax", contract.jobsMax, contract.jobsUsed, "contract.sign", [contract.id]) if {
	job
	not contract.jobsUsed < contract.jobsMax
}

denials contains reason("contract.party", "parties", concat(", ", contract.parties), party, "contract.extend", ["parties", party]) if {
	job
	some party in concerned
	not party in contract.parties
	not proposer(party)
}

denials contains reason("contract.purpose", "purpose", concat(", ", contract.purposes), input.purpose, "contract.extend", ["purposes", input.purpose]) if {
	job
	not contract_purpose
}

contract_purpose if {
	some code in contract.purposes
	covers(code, input.purpose)
}

denials contains reason("contract.product", product.ref, concat(", ", contract.products), product.asset, "contract.extend", ["products", product.asset]) if {
	job
	some product in input.products
	not product.asset in contract.products
}

denials contains reason("contract.protocol", "steps", concat(", ", contract.protocols), protocol, "contract.extend", ["protocols", protocol]) if {
	job
	some protocol in input.protocols
	not protocol in contract.protocols
}

denials contains reason("contract.output", output.name, concat(", ", granted_outputs), concat(" to ", [output.form, receiver]), "contract.extend", ["outputs", output.form, receiver]) if {
	job
	some output in input.outputs
	some receiver in output.to
	not contract_output(output.form, receiver)
}

granted_outputs := [concat(" to ", [output.form, receiver]) |
	some output in contract.outputs
	some receiver in output.to
]

contract_output(form, receiver) if {
	some output in contract.outputs
	output.form == form
	receiver in output.to
}
