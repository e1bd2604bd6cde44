using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>
/// The memory of a server's connections, in large blocks: a socket is asked for a block at a time, and with Kestrel's own of 4 KiB the calls into the
/// kernel cost more than the bytes. Blocks that are given back are kept up to a limit.
/// </summary>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int BlockBytes = 128 << 10, MaxKeptBlocks = 512;

    private readonly Lock _lock = new();
    private readonly Block[] _kept = new Block[MaxKeptBlocks];
    private int _count;

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        lock (_lock)
        {
            if (_count > 0) return _kept[--_count];
        }
        return new Block(this);
    }

    protected override void Dispose(bool disposing)
    {
        // Nothing to give back to anybody but the garbage collector.
    }

    private void Return(Block block)
    {
        lock (_lock)
        {
            if (_count < MaxKeptBlocks) _kept[_count++] = block;
        }
    }

    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);

        public Memory<byte> Memory => _bytes;

        public void Dispose() => pool.Return(this);
    }
}
