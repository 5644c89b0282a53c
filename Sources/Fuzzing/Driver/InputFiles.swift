import Core
import Foundation

/// Inputs in files.
enum InputFiles {
    /// Largest file that is an input, in bytes.
    static let largest = 256 * 1024

    /// What a file holds; nil when it is not there.
    static func contents(of path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map(Array.init)
    }

    /// The inputs in a directory, in the order of their names.
    static func read(_ directory: String) -> [[UInt8]] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.sorted().compactMap { contents(of: directory + "/" + $0) }.filter { $0.count <= largest }
    }

    /// Writes inputs into a directory, numbered.
    static func write(_ inputs: [[UInt8]], to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for (number, input) in inputs.enumerated() {
            let path = "\(directory)/seed-\(number)"
            guard FileManager.default.createFile(atPath: path, contents: Data(input)) else {
                throw MartletError(.unavailable, "The file '\(path)' cannot be written.")
            }
        }
    }
}

extension FuzzTarget {
    /// The inputs to begin with, those in files included.
    var startingInputs: [[UInt8]] {
        (seeds + seedFiles.compactMap(InputFiles.contents)).filter { $0.count <= longest }
    }
}
