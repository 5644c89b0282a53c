import Testing

import Monitoring
import Statistics

struct FeatureWindowTests {
    @Test func keepsTheNewestRowsInOrder() {
        var window = FeatureWindow(capacity: 3)
        #expect(window.snapshot().rows == 0)
        for value in 1...5 { window.append([Float(value), Float(value) * 10]) }
        let snapshot = window.snapshot()
        #expect(snapshot.elements == [3, 30, 4, 40, 5, 50])
        #expect((snapshot.rows, snapshot.width, snapshot.total) == (3, 2, 5))
        #expect(window.count == 3)
    }

    @Test func isPartlyFilledInOrder() {
        var window = FeatureWindow(capacity: 4)
        window.append([1])
        window.append([2])
        #expect(window.snapshot().elements == [1, 2])
        window.removeAll()
        window.append([3])
        #expect(window.snapshot().elements == [3])
        #expect(window.total == 3)
    }

    @Test func refusesRowsOfAnotherWidth() {
        var window = FeatureWindow(capacity: 2)
        window.append([])
        window.append([1, 2])
        window.append([1])
        window.append([1, 2, 3])
        #expect(window.count == 1)
        #expect(window.refused == 3)
    }

    @Test func aReferenceDecidesTheWidth() {
        var window = FeatureWindow(capacity: 2)
        window.append([1])
        window.setWidth(1)
        #expect(window.count == 1)
        window.setWidth(2)
        #expect(window.count == 0)
        window.append([1])
        #expect(window.refused == 1)
    }

    @Test func memoryIsBounded() {
        var window = FeatureWindow(capacity: MonitoringLimits.windowRows)
        window.setWidth(StatisticsLimits.features)
        #expect(window.capacity == MonitoringLimits.windowElements / StatisticsLimits.features)
        var wide = FeatureWindow(capacity: 5)
        wide.append([Float](repeating: 0, count: StatisticsLimits.features + 1))
        #expect(wide.refused == 1)
        wide.append([Float](repeating: 0, count: StatisticsLimits.features))
        #expect(wide.count == 1)
    }
}
