using System.Buffers.Binary;
using System.Text;

namespace DistBp.Learning.Tests.Data;

/// <summary>Writes idx and npy files by hand.</summary>
internal static class TensorBytes
{
    public static byte[] Idx(byte type, int[] dimensions, byte[] data)
    {
        var bytes = new List<byte> { 0, 0, type, (byte)dimensions.Length };
        foreach (int dimension in dimensions) bytes.AddRange(BigEndian(dimension));
        bytes.AddRange(data);
        return [.. bytes];
    }

    public static byte[] Npy(string descr, string shape, byte[] data, int version = 1, bool fortran = false) =>
        NpyOf($"{{'descr': '{descr}', 'fortran_order': {(fortran ? "True" : "False")}, 'shape': {shape}, }}", data, version);

    public static byte[] NpyOf(string dictionary, byte[] data, int version = 1)
    {
        int prefix = 8 + (version == 1 ? 2 : 4);
        int padding = 64 - ((prefix + dictionary.Length + 1) % 64);
        string header = dictionary + new string(' ', padding % 64) + "\n";
        var bytes = new List<byte> { 0x93 };
        bytes.AddRange("NUMPY"u8);
        bytes.Add((byte)version);
        bytes.Add(0);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, header.Length);
        bytes.AddRange(length[..(prefix - 8)]);
        bytes.AddRange(Encoding.Latin1.GetBytes(header));
        bytes.AddRange(data);
        return [.. bytes];
    }

    /// <summary>The values as elements of a type code such as "f4", "i2", "u8" or "b1".</summary>
    public static byte[] Elements(string code, bool bigEndian, params double[] values) => [.. values.SelectMany(v =>
    {
        byte[] bytes = code switch
        {
            "b1" or "u1" => [(byte)v],
            "i1" => [(byte)(sbyte)v],
            "u2" => BitConverter.GetBytes((ushort)v),
            "i2" => BitConverter.GetBytes((short)v),
            "u4" => BitConverter.GetBytes((uint)v),
            "i4" => BitConverter.GetBytes((int)v),
            "u8" => BitConverter.GetBytes((ulong)v),
            "i8" => BitConverter.GetBytes((long)v),
            "f2" => BitConverter.GetBytes((Half)v),
            "f4" => BitConverter.GetBytes((float)v),
            _ => BitConverter.GetBytes(v),
        };
        return bigEndian ? [.. bytes.Reverse()] : bytes;
    })];

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}
