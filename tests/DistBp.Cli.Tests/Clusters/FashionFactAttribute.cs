using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>A test over the pictures of Fashion-MNIST. Without them it is skipped; in CI, which installs them, it fails instead.</summary>
internal sealed class FashionFactAttribute : FactAttribute
{
    public FashionFactAttribute()
    {
        const string folder = "/usr/share/datasets/fashion-mnist";
        if (!Directory.Exists(folder) && !Surroundings.IsCI) Skip = $"{folder} is missing: apt install dataset-fashion-mnist";
    }
}
