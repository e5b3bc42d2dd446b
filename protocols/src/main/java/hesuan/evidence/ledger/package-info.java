/**
 * The two ledgers, as functions of a federation's log: whoever has its receipts computes the same
 * certificates, the same points and the same root. Nothing else is an input, so there is no ledger
 * database to trust or to edit; what a server keeps is a cache of this.
 */
@org.jspecify.annotations.NullMarked
package hesuan.evidence.ledger;
