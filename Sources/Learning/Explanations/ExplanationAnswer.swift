package import Core

/// What an explanation found: numbers, and a picture where one was asked for.
package struct ExplanationAnswer: Sendable {
    /// The numbers.
    package let json: JSONObject
    /// The picture; nil when none was asked for.
    package let svg: [UInt8]?

    /// Makes an answer.
    package init(json: JSONObject, svg: [UInt8]?) {
        self.json = json
        self.svg = svg
    }
}
