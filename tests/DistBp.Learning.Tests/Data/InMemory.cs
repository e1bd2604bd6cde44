using DistBp.Learning.Data;

namespace DistBp.Learning.Tests;

/// <summary>Most data of these tests are in memory: they are looked at as a whole.</summary>
internal static class InMemory
{
    extension(Dataset data)
    {
        public TensorBuffer Samples => ((MemoryDataset)data).Samples;

        public TensorBuffer Targets => ((MemoryDataset)data).Targets;
    }
}
