/// A page as plain values: what `PageRenderer` needs, and nothing of any store.
package protocol ConsolePage: Sendable {
    /// The name of its template.
    static var template: String { get }
    /// The part above the content.
    var head: PageHead { get }
    /// What the template reads: strings, markup, and dictionaries of them.
    var context: [String: Any] { get }
}
