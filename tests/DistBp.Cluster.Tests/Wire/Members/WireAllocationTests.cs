using DistBp.Cluster.Benchmarks;
using DistBp.Cluster.Tests.Actors;

namespace DistBp.Cluster.Tests.Wire.Members;

[Collection(AloneCollection.Name)]
public sealed class WireAllocationTests
{
    [Fact]
    public async Task Once_warm_a_chunk_allocates_nothing_on_either_side()
    {
        const int messages = 100, tensorBytes = 4 << 20, chunks = 17;
        await using WirePair pair = await WirePair.StartAsync();
        long least = long.MaxValue;
        // The first rounds make what is kept for later; a round may be disturbed by the runtime's own threads.
        for (int round = 0; round < 6; round++)
        {
            long before = GC.GetTotalAllocatedBytes(true);
            await pair.ExchangeAsync(tensorBytes, messages);
            least = Math.Min(least, (GC.GetTotalAllocatedBytes(true) - before) / (2 * messages));
        }
        // Envelopes and what is read from them are made anew for each message, some 650 bytes; the rest is less than 30 for each of its chunks.
        Assert.True(least < 1100, $"{least} bytes a message of {chunks} chunks");
    }
}
