using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Tests.Data;

public sealed class ElementTypeTests
{
    [Fact]
    public void Bytes_become_the_same_floats_at_every_length()
    {
        for (int length = 0; length <= 70; length++)
        {
            byte[] bytes = [.. Enumerable.Range(0, length).Select(i => (byte)(255 - i * 37 % 256))];
            var floats = new float[length];
            Elements.Convert(bytes, ElementType.U8, bigEndian: false, floats);
            Assert.Equal(bytes.Select(b => (float)b), floats);
        }
    }
}
