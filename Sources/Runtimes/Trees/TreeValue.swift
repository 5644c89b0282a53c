/// The precision in which a model's leaves add up: 32 bits as in XGBoost and ONNX Runtime, 64 as in LightGBM.
protocol TreeValue: BinaryFloatingPoint, BitwiseCopyable {
    /// The value of a leaf with one number.
    static func leaf(_ node: UnsafePointer<TreeNode>, _ forest: borrowing TreeForest) -> Self
    /// The values of a forest's vector leaves.
    static func vectors(_ forest: borrowing TreeForest) -> UnsafePointer<Self>
}

extension Float: TreeValue {
    @inline(__always)
    static func leaf(_ node: UnsafePointer<TreeNode>, _ forest: borrowing TreeForest) -> Float {
        Float(bitPattern: node.pointee.payload)
    }

    @inline(__always)
    static func vectors(_ forest: borrowing TreeForest) -> UnsafePointer<Float> { forest.floats.base }
}

extension Double: TreeValue {
    @inline(__always)
    static func leaf(_ node: UnsafePointer<TreeNode>, _ forest: borrowing TreeForest) -> Double {
        forest.doubles.base[Int(node.pointee.payload)]
    }

    @inline(__always)
    static func vectors(_ forest: borrowing TreeForest) -> UnsafePointer<Double> { forest.doubles.base }
}
