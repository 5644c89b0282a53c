import Core

/// A task that runs in a container image.
package struct ContainerSpec: Sendable, Equatable {
    /// The image, such as `python:3.13-slim` or with a digest.
    package let image: String
    /// The program and its first arguments instead of the image's own; empty for the image's.
    package let command: [String]
    /// Arguments behind them.
    package let arguments: [String]

    static let keys = ["image", "command", "args"]

    /// Makes a container's declaration.
    package init(image: String, command: [String] = [], arguments: [String] = []) {
        self.image = image
        self.command = command
        self.arguments = arguments
    }

    /// Reads `container`.
    static func parse(_ fields: JSONFields) throws(MartletError) -> ContainerSpec {
        try fields.rejectUnknown(keys)
        let image = try fields.string("image")
        let isName = image.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D...0x2F, 0x3A, 0x40, 0x5F: true
            default: false
            }
        }
        guard isName, (1...PipelinesLimits.imageBytes).contains(image.utf8.count), !image.hasPrefix("-") else {
            throw fields.invalid("image", "must be an image such as python:3.13-slim")
        }
        let spec = ContainerSpec(
            image: image,
            command: try fields.strings("command"),
            arguments: try fields.strings("args")
        )
        let words = spec.command + spec.arguments
        guard words.count <= PipelinesLimits.commandWords, !words.contains(where: { $0.utf8.contains(0) }) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must have at most \(PipelinesLimits.commandWords) words and no NUL."
            )
        }
        return spec
    }
}
