/// Numbers and paths inside an SVG drawing: one decimal, no exponents, nothing that is not finite.
package enum Coordinates {
    /// The side of the square that stretched drawings use as their view box.
    package static let side = 1000.0

    /// One coordinate, rounded to a tenth and held within ±100,000.
    package static func text(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int64((min(max(value, -100_000), 100_000) * 10).rounded())
        let (whole, part) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        let sign = tenths < 0 ? "-" : ""
        return part == 0 ? sign + String(whole) : sign + String(whole) + "." + String(part)
    }

    /// `M x y L x y …`; a nil point lifts the pen.
    package static func polyline(_ points: [(x: Double, y: Double)?]) -> String {
        var path = ""
        var down = false
        for point in points {
            guard let point, point.x.isFinite, point.y.isFinite else {
                down = false
                continue
            }
            path += (down ? "L" : "M") + text(point.x) + " " + text(point.y)
            down = true
        }
        return path
    }
}
