#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The natural logarithm of n!, for n ≥ 0.
///
/// The reentrant form: plain `lgamma` writes a global sign.
func logFactorial(_ n: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(n + 1, &sign)
}
