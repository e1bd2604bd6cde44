using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Wire.Members;

/// <summary>A worker's gradient as tensors. All that is needed to read it goes with it: the receiver may not know the assignment yet.</summary>
internal static class GradientCodes
{
    /// <returns>Null where no number is encoded.</returns>
    public static Contract.GradientCode? Write(GradientPart gradient, ICollection<TensorBytes> tensors)
    {
        Contract.GradientCode? code = null;
        if (!gradient.Encoding.IsExact)
        {
            code = new Contract.GradientCode
            {
                Encoding = ToContract(gradient.Encoding.Kind), Fraction = gradient.Encoding.Fraction, Count = gradient.EncodedCount,
            };
            tensors.Add(new TensorBytes(gradient.Code, code.Encoding));
        }
        tensors.Add(gradient.Dense);
        for (int i = 0; i < gradient.Sparse.Count; i++)
        {
            tensors.Add(gradient.Sparse[i].Rows);
            tensors.Add(gradient.Sparse[i].Values);
        }
        return code;
    }

    /// <exception cref="RpcException">INTERNAL: the code is not as long as it must be.</exception>
    public static GradientPart Read(Contract.GradientCode? written, ref TensorReader tensors)
    {
        ReadOnlyMemory<byte> code = written is null ? default : tensors.Bytes(written.Encoding);
        ReadOnlyMemory<float> dense = tensors.Floats();
        SparseRows[] sparse = tensors.Left == 0 ? [] : new SparseRows[tensors.Left / 2];
        for (int i = 0; i < sparse.Length; i++) sparse[i] = new SparseRows(tensors.Integers(), tensors.Floats());
        if (written is null) return new GradientPart(dense, sparse);
        GradientEncoding encoding = ToProtocol(written);
        if (written.Count < 0 || code.Length != BytesOf(encoding, written.Count))
            throw new RpcException(StatusCode.Internal, $"a gradient of {written.Count} numbers in {encoding} has a code of {code.Length} bytes");
        return new GradientPart(dense, sparse) { Encoding = encoding, EncodedCount = written.Count, Code = code };
    }

    public static Contract.Encoding ToContract(EncodingKind kind) => kind switch
    {
        EncodingKind.Bf16 => Contract.Encoding.Bfloat16,
        EncodingKind.F16 => Contract.Encoding.Float16,
        EncodingKind.Int8 => Contract.Encoding.Int8,
        EncodingKind.TopK => Contract.Encoding.TopK,
        _ => Contract.Encoding.Float32,
    };

    private static GradientEncoding ToProtocol(Contract.GradientCode code) => code.Encoding switch
    {
        Contract.Encoding.Bfloat16 => new GradientEncoding(EncodingKind.Bf16),
        Contract.Encoding.Float16 => new GradientEncoding(EncodingKind.F16),
        Contract.Encoding.Int8 => new GradientEncoding(EncodingKind.Int8),
        Contract.Encoding.TopK when code.Fraction is > 0 and <= 1 => new GradientEncoding(EncodingKind.TopK, code.Fraction),
        _ => throw new RpcException(StatusCode.Internal, $"a gradient is written as {code.Encoding} {code.Fraction}"),
    };

    /// <returns>-1: more than there can be.</returns>
    private static int BytesOf(GradientEncoding encoding, int count)
    {
        try
        {
            return encoding.ByteCount(count);
        }
        catch (OverflowException)
        {
            return -1;
        }
    }
}
