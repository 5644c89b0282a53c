/// Sobol's sequence with the directions of Joe and Kuo (2008), scrambled by a hash that nests as Owen's does.
enum SobolSequence {
    /// The coordinate of a point, in 0 ..< 1.
    static func share(_ index: UInt32, dimension: Int, seed: UInt64) -> Double {
        let mixed = UInt32(truncatingIfNeeded: SeededScramble.mix(seed))
        let shuffled = SeededScramble.nested(index, mixed)
        let own = UInt32(truncatingIfNeeded: SeededScramble.mix(seed &+ UInt64(dimension + 1)))
        let scrambled = SeededScramble.nested(coordinate(shuffled, dimension), own)
        return Double(scrambled) * 0x1p-32
    }

    /// The coordinate of a point before scrambling, as a fraction of 2^32.
    static func coordinate(_ index: UInt32, _ dimension: Int) -> UInt32 {
        let directions = directions[dimension]
        var (rest, place, result) = (index, 0, UInt32(0))
        while rest != 0 {
            if rest & 1 == 1 { result ^= directions[place] }
            rest >>= 1
            place += 1
        }
        return result
    }

    /// By dimension: what each bit of the index flips.
    private static let directions: [[UInt32]] = [(0..<32).map { 1 << (31 - $0) }] + polynomials.map(expand)

    private static func expand(_ row: [UInt32]) -> [UInt32] {
        let (polynomial, starts) = (row[0], row.dropFirst())
        let degree = starts.count
        var directions = starts.enumerated().map { $1 << UInt32(31 - $0) }
        for place in degree..<32 {
            var next = directions[place - degree] ^ (directions[place - degree] >> UInt32(degree))
            for term in 1..<max(degree, 1) where (polynomial >> UInt32(degree - term)) & 1 == 1 {
                next ^= directions[place - term]
            }
            directions.append(next)
        }
        return directions
    }

    /// From the second dimension on: a primitive polynomial with its bits as coefficients, then the first directions.
    ///
    /// Table new-joe-kuo-6.21201 of Joe and Kuo, the first 64 dimensions.
    private static let polynomials: [[UInt32]] = [
        [3, 1],
        [7, 1, 3],
        [11, 1, 3, 1],
        [13, 1, 1, 1],
        [19, 1, 1, 3, 3],
        [25, 1, 3, 5, 13],
        [37, 1, 1, 5, 5, 17],
        [41, 1, 1, 5, 5, 5],
        [47, 1, 1, 7, 11, 19],
        [55, 1, 1, 5, 1, 1],
        [59, 1, 1, 1, 3, 11],
        [61, 1, 3, 5, 5, 31],
        [67, 1, 3, 3, 9, 7, 49],
        [91, 1, 1, 1, 15, 21, 21],
        [97, 1, 3, 1, 13, 27, 49],
        [103, 1, 1, 1, 15, 7, 5],
        [109, 1, 3, 1, 15, 13, 25],
        [115, 1, 1, 5, 5, 19, 61],
        [131, 1, 3, 7, 11, 23, 15, 103],
        [137, 1, 3, 7, 13, 13, 15, 69],
        [143, 1, 1, 3, 13, 7, 35, 63],
        [145, 1, 3, 5, 9, 1, 25, 53],
        [157, 1, 3, 1, 13, 9, 35, 107],
        [167, 1, 3, 1, 5, 27, 61, 31],
        [171, 1, 1, 5, 11, 19, 41, 61],
        [185, 1, 3, 5, 3, 3, 13, 69],
        [191, 1, 1, 7, 13, 1, 19, 1],
        [193, 1, 3, 7, 5, 13, 19, 59],
        [203, 1, 1, 3, 9, 25, 29, 41],
        [211, 1, 3, 5, 13, 23, 1, 55],
        [213, 1, 3, 7, 3, 13, 59, 17],
        [229, 1, 3, 1, 3, 5, 53, 69],
        [239, 1, 1, 5, 5, 23, 33, 13],
        [241, 1, 1, 7, 7, 1, 61, 123],
        [247, 1, 1, 7, 9, 13, 61, 49],
        [253, 1, 3, 3, 5, 3, 55, 33],
        [285, 1, 3, 1, 15, 31, 13, 49, 245],
        [299, 1, 3, 5, 15, 31, 59, 63, 97],
        [301, 1, 3, 1, 11, 11, 11, 77, 249],
        [333, 1, 3, 1, 11, 27, 43, 71, 9],
        [351, 1, 1, 7, 15, 21, 11, 81, 45],
        [355, 1, 3, 7, 3, 25, 31, 65, 79],
        [357, 1, 3, 1, 1, 19, 11, 3, 205],
        [361, 1, 1, 5, 9, 19, 21, 29, 157],
        [369, 1, 3, 7, 11, 1, 33, 89, 185],
        [391, 1, 3, 3, 3, 15, 9, 79, 71],
        [397, 1, 3, 7, 11, 15, 39, 119, 27],
        [425, 1, 1, 3, 1, 11, 31, 97, 225],
        [451, 1, 1, 1, 3, 23, 43, 57, 177],
        [463, 1, 3, 7, 7, 17, 17, 37, 71],
        [487, 1, 3, 1, 5, 27, 63, 123, 213],
        [501, 1, 1, 3, 5, 11, 43, 53, 133],
        [529, 1, 3, 5, 5, 29, 17, 47, 173, 479],
        [539, 1, 3, 3, 11, 3, 1, 109, 9, 69],
        [545, 1, 1, 1, 5, 17, 39, 23, 5, 343],
        [557, 1, 3, 1, 5, 25, 15, 31, 103, 499],
        [563, 1, 1, 1, 11, 11, 17, 63, 105, 183],
        [601, 1, 1, 5, 11, 9, 29, 97, 231, 363],
        [607, 1, 1, 5, 15, 19, 45, 41, 7, 383],
        [617, 1, 3, 7, 7, 31, 19, 83, 137, 221],
        [623, 1, 1, 1, 3, 23, 15, 111, 223, 83],
        [631, 1, 1, 5, 13, 31, 15, 55, 25, 161],
        [637, 1, 1, 3, 13, 25, 47, 39, 87, 257],
    ]
}

/// Hashes that permute fractions within their halves, quarters and so on.
enum SeededScramble {
    /// Laine and Karras' permutation, with constants of Vegdahl, over mirrored bits.
    static func nested(_ value: UInt32, _ seed: UInt32) -> UInt32 {
        var mixed = mirrored(value)
        mixed ^= mixed &* 0x3D20_ADEA
        mixed = mixed &+ seed
        mixed = mixed &* ((seed >> 16) | 1)
        mixed ^= mixed &* 0x0552_6C56
        mixed ^= mixed &* 0x53A2_2864
        return mirrored(mixed)
    }

    /// The finaliser of SplitMix64.
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    private static func mirrored(_ value: UInt32) -> UInt32 {
        var (rest, result) = (value, UInt32(0))
        for _ in 0..<32 {
            result = (result << 1) | (rest & 1)
            rest >>= 1
        }
        return result
    }
}
