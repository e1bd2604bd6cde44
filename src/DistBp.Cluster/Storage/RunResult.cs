using DistBp.Protocol.Effects;
using System.Text.Json;
using System.Text.Json.Serialization;
using DistBp.Learning;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Storage;

/// <summary>The contents of result.json; what does not exist (accuracy of a regression, loss of an absent part) is null and left out.</summary>
/// <param name="Steps">Committed updates.</param>
/// <param name="Epochs">Epochs that were finished.</param>
/// <param name="WeightsSha256">See <see cref="WeightsHash"/>.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="SamplesPerSecond">Of the best epoch, evaluation not counted; in a cluster of the best epochs that follow each other and take a second, where they are shorter.</param>
/// <param name="Restarts">Times that this run was resumed or went back to a checkpoint.</param>
/// <param name="StepsLost">Steps computed again because of that.</param>
public sealed record RunResult(
    string Name,
    RunStatus Status,
    long Steps,
    int Epochs,
    double? TrainLoss,
    double? ValidationLoss,
    double? TestLoss,
    double? TrainAccuracy,
    double? ValidationAccuracy,
    double? TestAccuracy,
    string WeightsSha256,
    long Parameters,
    double SamplesPerSecond,
    double SecondsPerEpoch,
    double WallSeconds,
    int Workers,
    int Servers,
    int Slices,
    long PeakMemoryBytes,
    long BytesSentPerStep,
    long BytesReceivedPerStep,
    int Restarts,
    long StepsLost)
{
    /// <summary>Steps that clipping acted in; null where the job does not clip.</summary>
    public long? ClippedSteps { get; init; }

    /// <summary>Steps that were left unapplied because their loss or gradient was not finite; null where the first of them ends the run.</summary>
    public long? SkippedSteps { get; init; }

    /// <summary>What was wrong with the training and what to change; null where nothing was found.</summary>
    public IReadOnlyList<Finding>? Findings { get; init; }

    /// <summary>Replaces result.json as a whole.</summary>
    /// <exception cref="UserException">The disk is full or the folder not writable.</exception>
    public void Save(string path)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(this, RunResultJson.Default.RunResult);
        try
        {
            DurableFile.Replace(path, stream =>
            {
                stream.Write(json);
                stream.Write("\n"u8);
                return 0;
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.CannotWrite("the result", path, json.Length, e);
        }
    }

    /// <exception cref="UserException">The file is missing or not a result.</exception>
    public static RunResult Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), RunResultJson.Default.RunResult) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot read the result: {e.Message}", path, "name the folder of a run that has ended", e);
        }
    }
}

/// <summary>Generated at build time: no reflection over the record, and no types named by the file.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    NewLine = "\n",
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectRequiredConstructorParameters = false,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunResult))]
internal sealed partial class RunResultJson : JsonSerializerContext;
