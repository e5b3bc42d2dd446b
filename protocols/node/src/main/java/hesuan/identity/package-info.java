/**
 * Who a node is, and how another one knows: the federation's certificate authority, one-time join
 * tokens, SPIFFE ids, short-lived certificates and their renewal, and TLS 1.3 contexts that always
 * speak with the current certificate. The certificate's SPIFFE id is the only authority on who
 * calls.
 */
@org.jspecify.annotations.NullMarked
package hesuan.identity;
