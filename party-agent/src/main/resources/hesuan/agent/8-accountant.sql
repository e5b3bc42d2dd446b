-- A budget is counted in two ways (docs/adr/0038): epsilons and deltas added up, and rhos with what fails
-- outside them. epsilon in millionths, delta and outside in 10^-18, rho in 10^-12.
-- delta_attos is NULL where the owner has not said one: then only epsilons are counted against the limit.
ALTER TABLE budget_line ADD COLUMN delta_attos INTEGER CHECK (delta_attos >= 0);
ALTER TABLE budget_line ADD COLUMN rho_most_picos INTEGER NOT NULL DEFAULT 0;

-- NULL: not yet taken over from the entries of before.
ALTER TABLE budget_line ADD COLUMN reserved_delta_attos INTEGER CHECK (reserved_delta_attos >= 0);
ALTER TABLE budget_line ADD COLUMN reserved_rho_picos INTEGER CHECK (reserved_rho_picos >= 0);
ALTER TABLE budget_line ADD COLUMN reserved_outside_attos INTEGER CHECK (reserved_outside_attos >= 0);
ALTER TABLE budget_line ADD COLUMN charged_delta_attos INTEGER CHECK (charged_delta_attos >= 0);
ALTER TABLE budget_line ADD COLUMN charged_rho_picos INTEGER CHECK (charged_rho_picos >= 0);
ALTER TABLE budget_line ADD COLUMN charged_outside_attos INTEGER CHECK (charged_outside_attos >= 0);

ALTER TABLE budget_spending ADD COLUMN delta_attos INTEGER CHECK (delta_attos >= 0);
ALTER TABLE budget_spending ADD COLUMN rho_picos INTEGER CHECK (rho_picos >= 0);
ALTER TABLE budget_spending ADD COLUMN outside_attos INTEGER CHECK (outside_attos >= 0);
