import Core
import Runtimes

extension InferenceRequest {
    /// What a request has in one input column, as bytes to hash; nil when it has none there.
    ///
    /// A request of several rows is answered by one version, so its first row decides.
    func key(_ column: String) -> [UInt8]? {
        switch call.input {
        case .rows(let rows, _):
            guard let place = readFor?.position[column], rows.indices.contains(place), !rows[place].isNaN else {
                return nil
            }
            // Both zeros are one key.
            return withUnsafeBytes(of: (rows[place] + 0).bitPattern.littleEndian) { Array($0) }
        case .tensors(let tensors, _):
            guard let tensor = tensors.first(where: { $0.name == column })?.tensor else { return nil }
            switch tensor.storage {
            case .texts(let texts): return texts.first
            case .packed(let bytes):
                guard let size = tensor.dataType.size, bytes.count >= size else { return nil }
                return Array(bytes.prefix(size))
            }
        case .json(let value):
            guard let field = value[column], field != .null else { return nil }
            return Array(field.description.utf8)
        }
    }
}
