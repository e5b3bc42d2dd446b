# A policy that would read the clock.
package hesuan

decision := {"allow": time.now_ns() > 0, "reasons": [], "obligations": []}
