namespace DistBp.Learning.Data.Shards;

/// <summary>
/// Where a file of a folder of shards lies on this machine. It may fetch the file first and take as long as that takes; it is asked when the
/// shard is touched for the first time.
/// </summary>
/// <param name="folder">As the job names it, resolved against its folder.</param>
/// <returns>A path whose content is checked against the file's hash before it is used.</returns>
/// <exception cref="UserException">Nobody has the file.</exception>
public delegate string ShardLocator(string folder, ShardFile file);
