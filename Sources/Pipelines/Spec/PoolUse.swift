import Core

/// The places that a task takes in a pool, which all pipelines of the server share by its name.
package struct PoolUse: Sendable, Equatable {
    /// The pool.
    package let name: String
    /// How many places.
    package let slots: Int

    /// Reads `pool`: a name, or `{name: …, slots: …}`.
    static func parse(_ fields: JSONFields) throws(MartletError) -> PoolUse? {
        guard let value = fields.value("pool") else { return nil }
        if let name = value.stringValue { return PoolUse(name: name, slots: 1) }
        let declared = try fields.fields("pool")
        try declared.rejectUnknown(["name", "slots"])
        let slots = try declared.optionalInt("slots", in: 1...Int64(PipelinesLimits.poolSlots)) ?? 1
        return PoolUse(name: try declared.string("name"), slots: Int(slots))
    }
}
