/// The chi-squared distribution, by the incomplete gamma function (Abramowitz and Stegun 26.4.19).
package enum ChiSquaredDistribution {
    /// The probability of more than x; with 0 degrees of freedom everything lies at 0.
    package static func survival(_ x: Double, degrees: Int) -> Double {
        guard degrees > 0 else { return x > 0 ? 0 : 1 }
        return RegularizedGamma.upper(shape: Double(degrees) / 2, x / 2)
    }
}
