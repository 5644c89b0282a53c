/// Decides which models leave memory: the longest unused ones when there is no room, and those that nobody asks.
///
/// It does nothing itself; sizes are in bytes and times in `Clock.monotonicNanoseconds`.
package struct ResidencyPlan: Sendable, Equatable {
    /// A model that takes memory.
    package struct Place: Sendable, Equatable {
        /// How much it takes, or is expected to while it is loading.
        package var bytes: Int
        /// When it was asked last.
        package var lastUse: UInt64
        /// After how long without a call it leaves; nil for never.
        package var idle: UInt64?
        /// Whether calls are under way.
        package var isBusy = false
        /// Whether it is not there yet.
        package var isLoading: Bool
    }

    /// What happens.
    package enum Event: Sendable, Equatable {
        /// A model is about to be loaded that took so many bytes last time; 0 when that is not known.
        case loading(Int, bytes: Int)
        /// A model is in memory.
        case loaded(Int, bytes: Int, idle: UInt64?)
        /// A model was asked last at this time, or is being asked.
        case used(Int, at: UInt64, isBusy: Bool)
        /// A model is out of memory, or could not be loaded.
        case left(Int)
        /// Time has passed.
        case tick
    }

    /// What shall be done.
    package enum Action: Sendable, Equatable {
        /// Take a model out of memory; its calls under way finish.
        case unload(Int)
        /// A model is larger than all the memory there is.
        case refuse(Int, bytes: Int)
    }

    /// The most bytes that models may take; nil for no limit.
    package var budget: Int?
    /// The models in memory, by number.
    package private(set) var places: [Int: Place] = [:]

    /// An empty memory.
    package init(budget: Int?) {
        self.budget = budget
    }

    /// Bytes that the models take.
    package var bytes: Int { places.values.reduce(0) { $0 + $1.bytes } }

    /// What follows from an event.
    package mutating func handle(_ event: Event, now: UInt64) -> [Action] {
        switch event {
        case .loading(let id, let bytes):
            if let budget, bytes > budget { return [.refuse(id, bytes: bytes)] }
            places[id] = Place(bytes: bytes, lastUse: now, idle: nil, isLoading: true)
            return makeRoom(for: id)
        case .loaded(let id, let bytes, let idle):
            if let budget, bytes > budget {
                places[id] = nil
                return [.refuse(id, bytes: bytes)]
            }
            places[id] = Place(bytes: bytes, lastUse: now, idle: idle, isLoading: false)
            return makeRoom(for: id)
        case .used(let id, let time, let isBusy):
            guard let place = places[id] else { return [] }
            places[id]?.lastUse = max(place.lastUse, time)
            places[id]?.isBusy = isBusy
            return []
        case .left(let id):
            places[id] = nil
            return []
        case .tick:
            let leaving = places.filter { _, place in
                guard let idle = place.idle, !place.isBusy, !place.isLoading else { return false }
                return now >= place.lastUse && now &- place.lastUse >= idle
            }
            return leave(leaving.keys.sorted())
        }
    }

    /// Lets the longest unused models go until the rest fits; what is loading stays.
    private mutating func makeRoom(for id: Int) -> [Action] {
        guard let budget else { return [] }
        var excess = bytes - budget
        guard excess > 0 else { return [] }
        var leaving: [Int] = []
        let oldest = places.filter { $0.key != id && !$0.value.isLoading }
            .sorted { ($0.value.lastUse, $0.key) < ($1.value.lastUse, $1.key) }
        for (other, place) in oldest where excess > 0 {
            leaving.append(other)
            excess -= place.bytes
        }
        return leave(leaving)
    }

    private mutating func leave(_ ids: [Int]) -> [Action] {
        for id in ids { places[id] = nil }
        return ids.map { .unload($0) }
    }
}
