import Foundation

/// A plot as a picture for documents.
package enum SVGPlot {
    private static let colours = [
        "#1b6ca8", "#c8553d", "#3a7d44", "#8e5572", "#b8860b", "#386c7a", "#a23b72", "#5c5c5c", "#6a994e", "#bc4749",
    ]
    private static let size = (width: 800.0, height: 420.0)
    private static let area = (left: 80.0, top: 40.0, right: 780.0, bottom: 370.0)
    private static let marks = 5

    /// The text of the picture, with a title above and the name of the x axis below.
    package static func text(
        _ series: [PlotSeries],
        title: String,
        xTitle: String,
        isLogarithmic: Bool
    ) -> String {
        let height = size.height + Double(series.count) * 18
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(size.width)) \(number(height))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            "<text x=\"\(number(area.left))\" y=\"24\" font-size=\"15\">\(escaped(title))</text>",
        ]
        guard let axes = PlotAxes(series, isLogarithmic: isLogarithmic) else {
            lines += [
                "<text x=\"\(number(area.left))\" y=\"60\">There are no points that can be shown.</text>", "</svg>",
            ]
            return lines.joined(separator: "\n") + "\n"
        }
        lines += grid(axes)
        lines.append(
            "<text x=\"\(number((area.left + area.right) / 2))\" y=\"\(number(area.bottom + 34))\" "
                + "text-anchor=\"middle\">\(escaped(xTitle))</text>"
        )
        for (index, line) in series.enumerated() {
            let colour = colours[index % colours.count]
            lines += pieces(line, axes).map { points in
                points.count == 1
                    ? "<circle cx=\"\(points[0].0)\" cy=\"\(points[0].1)\" r=\"2\" fill=\"\(colour)\"/>"
                    : "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" points=\""
                        + points.map { "\($0.0),\($0.1)" }.joined(separator: " ") + "\"/>"
            }
            let y = size.height + Double(index) * 18
            lines.append(
                "<rect x=\"\(number(area.left))\" y=\"\(number(y - 9))\" width=\"10\" height=\"10\" fill=\"\(colour)\"/>"
            )
            lines.append("<text x=\"\(number(area.left + 16))\" y=\"\(number(y))\">\(escaped(line.name))</text>")
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private static func grid(_ axes: PlotAxes) -> [String] {
        var lines: [String] = []
        for mark in 0..<marks {
            let part = Double(mark) / Double(marks - 1)
            let y = area.bottom - part * (area.bottom - area.top)
            let x = area.left + part * (area.right - area.left)
            let step = axes.x.lowerBound + part * (axes.x.upperBound - axes.x.lowerBound)
            lines.append(
                "<line x1=\"\(number(area.left))\" y1=\"\(number(y))\" x2=\"\(number(area.right))\" y2=\"\(number(y))\" "
                    + "stroke=\"#dddddd\"/>"
            )
            lines.append(
                "<text x=\"\(number(area.left - 8))\" y=\"\(number(y + 4))\" text-anchor=\"end\">"
                    + "\(PlotAxes.label(axes.value(at: part)))</text>"
            )
            lines.append(
                "<text x=\"\(number(x))\" y=\"\(number(area.bottom + 18))\" text-anchor=\"middle\">"
                    + "\(PlotAxes.label(step))</text>"
            )
        }
        return lines
    }

    /// The line's places, in pieces without gaps.
    private static func pieces(_ line: PlotSeries, _ axes: PlotAxes) -> [[(String, String)]] {
        var pieces: [[(String, String)]] = []
        var piece: [(String, String)] = []
        for point in line.points {
            guard let place = axes.place(point) else {
                if !piece.isEmpty { pieces.append(piece) }
                piece = []
                continue
            }
            let x = area.left + place.x * (area.right - area.left)
            let y = area.bottom - place.y * (area.bottom - area.top)
            piece.append((number(x), number(y)))
        }
        return piece.isEmpty ? pieces : pieces + [piece]
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
    }

    private static func escaped(_ text: String) -> String {
        DisplayText.safe(text).replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
