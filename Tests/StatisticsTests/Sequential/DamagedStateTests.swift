import Core
import Testing

import Statistics

/// States with a number changed at random are refused with `dataLoss` or work: they never trap.
struct DamagedStateTests {
    private static let oddNumbers: [JSONValue] = [
        0, 1, -1, 2, 0.5, 7, 1e9, -1e9, 1e300, -1e300, 4_294_967_296, .integer(.max), .integer(.min), 1e-300, 40, 99,
    ]

    /// A copy of a value with one of its numbers replaced.
    private func mutated(_ value: JSONValue, _ generator: inout SeededGenerator) -> JSONValue {
        switch value {
        case .object(let object):
            guard !object.keys.isEmpty else { return value }
            var changed = object
            let key = object.keys[generator.index(below: object.keys.count)]
            changed[key] = object[key].map { mutated($0, &generator) }
            return .object(changed)
        case .array(var elements):
            if elements.isEmpty || generator.index(below: 8) == 0 { return .array(elements + [1]) }
            if generator.index(below: 8) == 0 { return .array(Array(elements.dropLast())) }
            let place = generator.index(below: elements.count)
            elements[place] = mutated(elements[place], &generator)
            return .array(elements)
        default:
            return Self.oddNumbers[generator.index(below: Self.oddNumbers.count)]
        }
    }

    @Test(arguments: SequentialKind.allCases) func valueByValue(kind: SequentialKind) throws {
        var generator = SeededGenerator(seed: 41)
        var made = try kind.make()
        for _ in 0..<120 { _ = made.update(generator.uniform() < 0.3 ? 1 : 0) }
        let state = made.encode()
        var refused = 0
        for _ in 0..<400 {
            do {
                var detector = try SequentialKind.restore(mutated(state, &generator))
                for _ in 0..<60 { _ = detector.update(generator.uniform() < 0.3 ? 1 : 0) }
                _ = detector.encode()
            } catch {
                #expect(error.code == .dataLoss)
                refused += 1
            }
        }
        #expect(refused > 40 && refused < 400, "\(refused)")
    }

    @Test func withAnExpectedRunTime() throws {
        var generator = SeededGenerator(seed: 43)
        let options = OnlineOptions(expectedRunTime: 10, windows: [3], bootstraps: 40, seed: 1)
        let numbers = (0..<60).map { _ in Float(generator.normal()) }
        let reference = try SampleMatrix(names: ["a", "b"], elements: numbers)
        let bits = try SampleMatrix(names: ["a", "b"], elements: (0..<60).map { $0 % 5 < 2 ? 1 : 0 })
        let made: [(any OnlineDetector, SampleMatrix)] = [
            (try OnlineMMD(reference: reference, options: options), reference),
            (try OnlineLSDD(reference: reference, options: options), reference),
            (try OnlineCramerVonMises(reference: reference, options: options), reference),
            (try OnlineFisherExact(reference: bits, options: options), bits),
        ]
        for (fresh, reference) in made {
            var used = fresh
            for _ in 0..<7 { _ = try used.update([1, 0]) }
            let state = used.encode()
            for _ in 0..<150 {
                do {
                    var detector = try type(of: fresh).init(state: mutated(state, &generator), reference: reference)
                    for _ in 0..<12 { _ = try detector.update([0, 1]) }
                    _ = detector.encode()
                } catch {
                    #expect(error.code == .dataLoss)
                }
            }
        }
    }
}
