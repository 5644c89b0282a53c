/// Texts as C takes many of them: an array of pointers.
enum CTextArray {
    /// Calls `body` with the texts, whose addresses hold for the call; 0 without calling it when there are none.
    static func with(
        _ texts: [String],
        _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>, Int) -> Int32
    ) -> Int32 {
        // One block holds all texts, so that their addresses stay put during the call.
        var block: [CChar] = []
        var starts: [Int] = []
        for text in texts {
            starts.append(block.count)
            block.append(contentsOf: text.utf8CString)
        }
        return block.withUnsafeBufferPointer { block in
            var pointers = starts.map { start in block.baseAddress.map { $0 + start } }
            return pointers.withUnsafeMutableBufferPointer { pointers in
                guard let first = pointers.baseAddress else { return 0 }
                return body(first, pointers.count)
            }
        }
    }
}
