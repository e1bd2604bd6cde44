using System.Text;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>A stream that takes whole lines and gives each, without its end, to a receiver.</summary>
internal sealed class LineStream(Action<string> receive) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.IndexOf((byte)'\n') is >= 0 and int end)
        {
            receive(Encoding.UTF8.GetString(buffer[..end]));
            buffer = buffer[(end + 1)..];
        }
    }

    public override void Flush()
    {
        // Each line has gone on.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
