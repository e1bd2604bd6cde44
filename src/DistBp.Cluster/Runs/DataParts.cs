using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <summary>The parts of a job's data that there are.</summary>
internal static class DataParts
{
    public static Dictionary<DataPart, Dataset> Of(TrainingData data)
    {
        var parts = new Dictionary<DataPart, Dataset> { [DataPart.Train] = data.Train };
        if (data.Validation is not null) parts[DataPart.Validation] = data.Validation;
        if (data.Test is not null) parts[DataPart.Test] = data.Test;
        return parts;
    }
}
