namespace DistBp.Learning.Data;

/// <summary>All data of a job, preprocessed, and what is needed to treat other data alike.</summary>
public sealed class TrainingData
{
    public TrainingData(Dataset train, Dataset? validation, Dataset? test, DataSchema schema)
        => (Train, Validation, Test, Schema) = (train, validation, test, schema);

    public Dataset Train { get; }

    public Dataset? Validation { get; }

    public Dataset? Test { get; }

    public DataSchema Schema { get; }
}
