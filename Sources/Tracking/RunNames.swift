import Core

/// Names for runs and logged models that were given none, such as `steady-swift-418`.
enum RunNames {
    private static let qualities = [
        "agile", "amber", "bold", "brave", "bright", "calm", "clear", "crisp", "deft", "eager", "early", "fair",
        "fleet",
        "gentle", "glad", "golden", "keen", "light", "lively", "lucid", "merry", "nimble", "proud", "quick", "quiet",
        "rapid", "silver", "steady", "sunny", "swift", "tidy", "vivid",
    ]
    private static let birds = [
        "avocet", "bittern", "crake", "crane", "curlew", "dipper", "dunlin", "egret", "falcon", "finch", "heron",
        "hobby",
        "ibis", "jay", "kestrel", "kite", "lark", "linnet", "martin", "martlet", "merlin", "osprey", "owl", "petrel",
        "pipit", "plover", "robin", "siskin", "swallow", "tern", "thrush", "wren",
    ]

    /// A name picked at random.
    static func random() -> String {
        let quality = qualities.randomElement() ?? "swift"
        let bird = birds.randomElement() ?? "martlet"
        return "\(quality)-\(bird)-\(Int.random(in: 1...999))"
    }
}
