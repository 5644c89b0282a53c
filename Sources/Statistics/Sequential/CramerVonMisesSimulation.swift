import Core
import Foundation

/// Simulated streams of ranks, from which the thresholds of `OnlineCramerVonMises` come.
struct CramerVonMisesSimulation {
    private let options: OnlineOptions
    private let rows: Int
    private let ranks: ReferenceRanks

    /// Prepares for a reference of so many rows.
    init(rows: Int, options: OnlineOptions) throws(MartletError) {
        self.rows = rows
        self.options = options
        ranks = ReferenceRanks(distinct: rows)
    }

    /// The thresholds from the time on at which the shortest window is full.
    func thresholds(features: Int) throws(MartletError) -> [Double] {
        let times = options.horizon - options.smallestWindow + 1
        var statistics = [Double](repeating: 0, count: options.bootstraps * times)
        statistics.withUnsafeMutableBufferPointer { output in
            // Safe because each piece writes the statistics of its own stream only.
            nonisolated(unsafe) let output = output
            ParallelLoop.perform(options.bootstraps) { stream in
                // A generator of its own for each stream: the thresholds do not depend on the number of cores.
                var seeds = SeededGenerator(seed: options.seed &+ UInt64(stream))
                var generator = seeds.split()
                simulate(&generator) { time, statistic in output[stream * times + time] = statistic }
            }
        }
        let rate = 1 - pow(1 - 1 / options.expectedRunTime, 1 / Double(features))
        return try RunTimeThresholds.survivors(statistics, times: times, rate: rate)
    }

    /// Runs one stream and reports the largest statistic over the full windows at each time.
    private func simulate(_ generator: inout SeededGenerator, _ report: (Int, Double) -> Void) {
        // The order statistics of uniform values are partial sums of exponential ones over their total.
        var sums: [Double] = []
        var sum = 0.0
        for _ in 0...rows {
            sum -= log(1 - generator.uniform())
            sums.append(sum)
        }
        let reference = sums.dropLast().map { $0 / sum }
        var stream: [Double] = []
        var windows = options.windows.map { RankedWindow(length: $0) }
        for time in 0..<options.horizon {
            let value = generator.uniform()
            let place = reference.countLeading { $0 < value }
            var largest = -Double.infinity
            for window in windows.indices {
                let length = options.windows[window]
                let leaving = time >= length ? stream[time - length] : nil
                windows[window].replace(leaving, with: value, below: place, upTo: place)
                if time + 1 >= length { largest = max(largest, windows[window].statistic(ranks)) }
            }
            stream.append(value)
            if time + 1 >= options.smallestWindow { report(time + 1 - options.smallestWindow, largest) }
        }
    }
}
