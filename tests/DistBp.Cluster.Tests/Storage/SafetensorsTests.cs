using System.Buffers.Binary;
using System.Text;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_writer_gives_exactly_the_bytes_of_the_format()
    {
        using var stream = new MemoryStream();
        float[] data = [1f, -2f, 0.5f];
        FileDigest digest = SafetensorsWriter.Write(
            stream,
            [new("b", new TensorShape(2), data.AsMemory(1)), new("a", new TensorShape(), data.AsMemory(0, 1))],
            new Dictionary<string, string> { ["step"] = "7" });

        string json = """{"__metadata__":{"step":"7"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""";
        json = json.PadRight((json.Length + 7) / 8 * 8);
        byte[] expected =
        [
            (byte)json.Length, 0, 0, 0, 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(json),
            0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f,
        ];
        Assert.Equal(expected, stream.ToArray());
        File.WriteAllBytes(_folder["x"], expected);
        Assert.Equal(FileDigest.Of(_folder["x"]), digest);
    }

    [Fact]
    public void Names_are_sorted_as_utf8_and_come_back_with_their_shapes()
    {
        float[] data = SmallRun.Floats(6, 3);
        string[] names = ["\U0001F600", "\uFFFD", "z\"\\\n", "A"];
        using (FileStream stream = File.Create(_folder["x"]))
            SafetensorsWriter.Write(stream, names.Select(n => new SafetensorsTensor(n, new TensorShape(2, 3), data)));
        using SafetensorsFile file = SafetensorsFile.Open(_folder["x"]);
        Assert.Equal(["A", "z\"\\\n", "\uFFFD", "\U0001F600"], file.Entries.Select(e => e.Name));
        var read = new float[2];
        file.ReadFloats(file.Find("A")!, read, firstElement: 3);
        Assert.Equal(data[3..5], read);
        Assert.Equal([2L, 3L], file.Find("A")!.Shape);
    }

    [Fact]
    public void An_empty_file_of_tensors_and_zero_dimensions_are_legal()
    {
        using (FileStream stream = File.Create(_folder["none"])) SafetensorsWriter.Write(stream, []);
        using (SafetensorsFile none = SafetensorsFile.Open(_folder["none"])) Assert.Empty(none.Entries);
        Write("zero", """{"a":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4);
        using SafetensorsFile zero = SafetensorsFile.Open(_folder["zero"]);
        Assert.Equal(0, zero.Find("a")!.ElementCount);
    }

    [Fact]
    public void Two_tensors_of_one_name_are_not_written() => Assert.Throws<ArgumentException>(() =>
        SafetensorsWriter.Write(Stream.Null, [new("a", new TensorShape(1), new float[1]), new("a", new TensorShape(1), new float[1])]));

    [Theory]
    [InlineData("""[]""", 0, "does not start")]
    [InlineData(""" {}""", 0, "does not start")]
    [InlineData("""{"a":""", 0, "not valid JSON")]
    [InlineData("""{} x""", 0, "not valid JSON")]
    [InlineData("""{"a":3}""", 0, "not a map")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "not valid JSON")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype")]
    [InlineData("""{"a":{"dtype":"9","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype")]
    [InlineData("""{"a":{"dtype":9,"shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", 4, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, "unknown key")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "not a count")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "not a count")]
    [InlineData("""{"a":{"dtype":"F32","shape":"1","data_offsets":[0,4]}}""", 4, "not a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "has bytes 0 to 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "has bytes 4 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "begins at byte 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "begins at byte 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 5, "5 follow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 3, "3 follow")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "not a string")]
    [InlineData("""{"__metadata__":[]}""", 0, "not a map")]
    public void A_header_that_breaks_a_rule_is_rejected(string json, int dataBytes, string because)
    {
        Write("bad", json, dataBytes);
        UserException e = Assert.Throws<UserException>(() => SafetensorsFile.Open(_folder["bad"]));
        Assert.Equal(ErrorKind.Checkpoint, e.Kind);
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["bad"], e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100_000_001UL, "claims a header")]
    [InlineData(ulong.MaxValue, "claims a header")]
    [InlineData(99_999_999UL, "but the file has")]
    [InlineData(3UL, "but the file has")]
    [InlineData(0UL, "does not start")]
    public void A_header_length_that_lies_is_rejected_before_anything_is_allocated(ulong length, string because)
    {
        var bytes = new byte[10];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        File.WriteAllBytes(_folder["bad"], bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        UserException e = Assert.Throws<UserException>(() => SafetensorsFile.Open(_folder["bad"]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        Assert.Contains(because, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_utf8_and_a_file_too_short_for_its_length_are_rejected()
    {
        byte[] json = [.. """{"__metadata__":{"a":"""u8, (byte)'"', 0xff, (byte)'"', .. "}}"u8];
        File.WriteAllBytes(_folder["utf8"], [(byte)json.Length, 0, 0, 0, 0, 0, 0, 0, .. json]);
        Assert.Contains("UTF-8", Assert.Throws<UserException>(() => SafetensorsFile.Open(_folder["utf8"])).Message, StringComparison.Ordinal);
        File.WriteAllBytes(_folder["short"], [1, 2, 3]);
        Assert.Contains("only 3 bytes", Assert.Throws<UserException>(() => SafetensorsFile.Open(_folder["short"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_the_callers_mistake() =>
        Assert.Equal(ErrorKind.Usage, Assert.Throws<UserException>(() => SafetensorsFile.Open(_folder["nothing"])).Kind);

    [Fact]
    public void Half_bfloat16_and_double_are_converted_only_on_request()
    {
        string json = """{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"h":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},"i":{"dtype":"I32","shape":[1],"data_offsets":[16,20]}}""";
        var data = new byte[20];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 1 / 3.0);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(8), (Half)0.1f);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(10), Half.NegativeInfinity);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(12), 0x3f80);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(14), 0xc049);
        Write("types", json, data);
        using SafetensorsFile file = SafetensorsFile.Open(_folder["types"]);
        Assert.Equal([(float)(1 / 3.0)], Read(file, "d"));
        Assert.Equal([(float)(Half)0.1f, float.NegativeInfinity], Read(file, "h"));
        Assert.Equal([1f, -3.140625f], Read(file, "b"));
        Assert.Throws<UserException>(() => Read(file, "i"));
        Assert.Throws<UserException>(() => file.ReadFloats(file.Find("h")!, new float[2]));
    }

    private static float[] Read(SafetensorsFile file, string name)
    {
        SafetensorsEntry entry = file.Find(name)!;
        var values = new float[entry.ElementCount];
        file.ReadFloats(entry, values, convert: true);
        return values;
    }

    private void Write(string name, string json, int dataBytes) => Write(name, json, new byte[dataBytes]);

    private void Write(string name, string json, byte[] data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        File.WriteAllBytes(_folder[name], [.. length, .. header, .. data]);
    }
}
