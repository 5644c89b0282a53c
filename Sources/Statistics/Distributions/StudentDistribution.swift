/// Student's t distribution, by the incomplete beta function (Abramowitz and Stegun 26.7.1).
package enum StudentDistribution {
    /// The probability of a value at least this far from 0 on either side, for positive degrees of freedom.
    package static func twoSided(_ t: Double, degrees: Double) -> Double {
        let square = t * t
        guard square < .infinity else { return 0 }
        let sum = degrees + square
        return RegularizedBeta.lower(degrees / sum, complement: square / sum, a: degrees / 2, b: 0.5)
    }
}
