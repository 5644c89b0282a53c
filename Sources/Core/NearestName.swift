/// Finds the name that somebody meant who wrote another one.
package enum NearestName {
    /// Longer names are not compared: nobody mistypes so much text.
    private static let longest = 64

    /// The nearest of some names, if it is near: at most one letter in three added, left out, changed or swapped.
    ///
    /// - Parameters:
    ///   - name: what was written.
    ///   - known: what could have been meant; of equally near ones the first counts.
    /// - Returns: the name that was probably meant; nil when none is near.
    package static func of(_ name: String, among known: [String]) -> String? {
        guard (2...longest).contains(name.utf8.count) else { return nil }
        let written = Array(plain(name))
        let limit = max(1, written.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in known where (2...longest).contains(candidate.utf8.count) && candidate != name {
            let distance = distance(written, Array(plain(candidate)))
            guard distance <= limit, distance < best?.distance ?? .max else { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Case and the way of joining words do not count: `minReplicas` is `min_replicas`.
    private static func plain(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" }
    }

    /// Damerau's distance: how many letters were added, left out, changed or swapped with their neighbours.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before: [Int] = []
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var next = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(row[j + 1], next[j]) + 1
                cost = min(cost, row[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other { cost = min(cost, before[j - 1] + 1) }
                next.append(cost)
            }
            (before, row) = (row, next)
        }
        return row.last ?? 0
    }
}
